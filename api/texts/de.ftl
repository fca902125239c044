### Was Daybook den Leuten sagt, auf Deutsch. Die Wörter ändern, Schlüssel und Angaben in Klammern ({ $name }) stehen lassen.
### Schreibweise: https://projectfluent.org. Die anderen Sprachen haben dieselben Schlüssel; ein Test vergleicht sie.

## Ablehnungen: die Überschrift, und was diesmal los war

problem-unreadable = Anfrage nicht lesbar
    .detail = Die Anfrage konnte nicht gelesen werden.
problem-not-logged-in = Nicht angemeldet
    .detail = Es fehlt ein gültiges Token, oder Benutzername und Passwort stimmen nicht.
problem-signed-off = Abgemeldet
    .detail =
        { $case ->
            [by] { $by } hat diese Sitzung beendet.
            [by-with-words] { $by } hat diese Sitzung beendet: { $message }
           *[other] Diese Sitzung wurde von jemand anderem beendet.
        }
problem-session-expired = Sitzung abgelaufen
    .detail = Diese Sitzung ist vorbei; bitte neu anmelden.
problem-not-permitted = Nicht erlaubt
    .detail =
        { $right ->
            [plan] Ihre Gruppe darf diesen Plan nicht betreten.
            [mode] Die Betriebsart dieser Sitzung lässt das nicht zu.
            [none] Das dürfen Sie nicht.
           *[other] Dazu braucht es das Recht „{ $right }“.
        }
problem-not-found = Nicht gefunden
    .detail = Unter dieser Adresse gibt es nichts.
problem-method = Methode nicht möglich
    .detail = Diese Adresse nimmt die Methode nicht an; siehe die Kopfzeile Allow.
problem-too-large = Zu groß
    .detail = Der Inhalt ist größer, als diese Adresse annimmt.
problem-media-type = Inhaltstyp nicht möglich
    .detail = Der Inhalt muss als application/json kommen.
problem-exists = Gibt es schon
    .detail = Diesen Namen gibt es schon.
problem-in-use = In Gebrauch
    .detail = Anderes bezieht sich darauf.
problem-not-alone = Nicht allein im Plan
    .detail = Andere sind im Plan; das geht nur allein.
problem-lock-refused = Sperre abgelehnt
    .detail = Eine andere Sperre steht im Weg.
problem-lock-missing = Sperre fehlt
    .detail =
        { $action ->
            [none] Dazu braucht es eine Sperre.
           *[other] Dazu braucht es eine Sperre für „{ $action }“.
        }
problem-lock-ended = Sperre beendet
    .detail =
        { $action ->
            [none] Die Sperre ist beendet.
           *[other] Die Sperre für „{ $action }“ ist beendet.
        }
problem-epoch-changed = Aus einer Sicherung wiederhergestellt
    .detail = Die Daten wurden inzwischen wiederhergestellt; bitte ab der letzten gemeinsamen Position neu lesen.
problem-stale = Inzwischen geändert
    .detail = Jemand war schneller; Ihre Änderung wurde nicht gespeichert.
problem-invalid = Ungültig
    .detail = Die Anfrage verstößt gegen eine Regel.
problem-import-faults = Fehler in den Dateien
    .detail = Die Dateien haben Fehler; nichts wurde übernommen.
problem-key-reused = Idempotency-Key für eine andere Anfrage benutzt
    .detail = Eine neue Anfrage braucht einen neuen Idempotency-Key.
problem-blocked = Blockiert
    .detail =
        { $rule ->
            [optimisation] Eine betroffene Periode wird gerade optimiert.
            [cover] Für eine betroffene Periode wird gerade Vertretung geplant.
           *[other] Dieser Plan ist durch eine alleinige Sperre belegt.
        }
problem-revision-missing = Stand fehlt
    .detail = Bitte If-Match mit dem ETag senden, auf dem die Änderung beruht.
problem-too-many = Zu viele Anfragen
    .detail = Bitte langsamer; Retry-After sagt, wann es weitergeht.
problem-internal = Interner Fehler
    .detail = Hier ist etwas schiefgegangen; es steht unter der Nummer der Anfrage im Protokoll.
problem-outage = Dienst unterbrochen
    .detail = Der Dienst ist zurzeit nicht erreichbar.
problem-gate-closed = Anmeldung geschlossen
    .detail = Zurzeit kann sich niemand anmelden.
problem-projection-behind = Noch nicht lesbar
    .detail = Die gewünschte Position ist noch nicht lesbar; bitte erneut versuchen.
problem-busy = Ausgelastet
    .detail = Zurzeit ist zu viel los; bitte erneut versuchen.

and-more = { $text } (und { $more } weitere)

## Was an einer Eingabe nicht stimmt

notice-title = Hier gehört eine Überschrift in einer Zeile hin.
notice-hidden-before-shown = Das muss nach dem { $date } liegen, dem ersten Tag, an dem die Mitteilung zu sehen ist.
notices-too-many = Es gibt schon { $max } Mitteilungen; bitte zuerst einige zurückziehen.
text-missing = Hier fehlt ein Text.
text-too-long = Ein Text hat hier höchstens { $max } Zeichen.
text-control-characters = Ein Text hat keine Steuerzeichen.
message-users = Bitte 1 bis { $max } Benutzer nennen.
no-such-user = Einen Benutzer „{ $name }“ gibt es nicht.
user-disabled = Der Benutzer „{ $name }“ kann sich nicht mehr anmelden.
no-such-plan = Einen Plan „{ $plan }“ gibt es nicht.
unread-of-sent = Gesendete Nachrichten lesen andere; ungelesene gibt es unter den empfangenen.
message-addressees = Bitte entweder Benutzer oder einen Plan nennen.
message-stays-read = Eine gelesene Nachricht bleibt gelesen; bitte true senden.

## Nachrichten des Dienstes. code: der Ablehnung; record: was geändert werden sollte; by: wer schneller war oder wer abmeldet

message-refused =
    { $code ->
        [stale] { $by ->
            [none] Ihre Änderung an { $record } wurde nicht gespeichert: Jemand anderes war schneller.
           *[other] Ihre Änderung an { $record } wurde nicht gespeichert: { $by } war schneller.
        }
        [blocked] { $rule ->
            [optimisation] Ihre Änderung wurde nicht gespeichert: Eine betroffene Periode wird gerade optimiert.
            [cover] Ihre Änderung wurde nicht gespeichert: Für eine betroffene Periode wird gerade Vertretung geplant.
           *[other] Ihre Änderung wurde nicht gespeichert: Der Plan ist durch eine alleinige Sperre belegt.
        }
        [not-alone] Sie haben die Sperre für „{ $action }“ nicht bekommen: Andere sind im Plan.
        [lock-refused] Sie haben die Sperre für „{ $action }“ nicht bekommen: Eine andere Sperre steht im Weg.
        [lock-missing] Ihre Änderung wurde nicht gespeichert: Sie braucht eine Sperre für „{ $action }“.
        [lock-ended] Ihre Änderung wurde nicht gespeichert: Die Sperre für „{ $action }“ ist beendet.
       *[other] Ihre Änderung wurde nicht gespeichert.
    }
message-sign-off =
    { $seconds ->
        [0] { $by } hat Sie abgemeldet: { $message }
        [one] { $by } meldet Sie in einer Sekunde ab: { $message }
       *[other] { $by } meldet Sie in { $seconds } Sekunden ab: { $message }
    }
