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
export-numbers = Für folgende Datensätze haben diese Dateien keinen Platz, weil sie Unterricht, Absenzen und Vertretungen mit Nummern benennen:
export-no-file = Eine Datei { $name } gibt es beim Export nicht; es gibt { $names }.
date-says-it = Das sagt das Datum: entweder { $name } oder date angeben, nicht beides.
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
        [lock-blocked] Sie haben die Sperre für „{ $action }“ nicht bekommen: Es wird gerade Vertretung geplant.
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

## Sätze, die das Programm auf Englisch sagt (en.ftl), in dieser Sprache

say-unreadable = Die Anfrage konnte nicht gelesen werden.
say-key = Hier gehören 1 bis 200 sichtbare ASCII-Zeichen hin.
say-one-lock = Hier gehört genau eine Sperre hin.
say-twice = Das steht zweimal da.
say-ascii = Hier sind nur ASCII-Zeichen möglich.
say-body-cut = Der Inhalt endete, bevor er vollständig war.
say-cursor = Diese Liste hat keine solche Fortsetzung ausgegeben.
say-whole-must = Hier gehört eine ganze Zahl von { $min } bis { $max } hin.
say-encoding-utf8 = Die Prozent-Kodierung ist kaputt: kein UTF-8.
say-encoding = Die Prozent-Kodierung ist kaputt.
say-etags = Das ist keine Liste von ETags.
say-deep = Tiefer als { $max } Ebenen verschachtelt.
say-member-twice = Diese Angabe steht zweimal da.
say-flag-must = Hier gehört true oder false hin.
say-number-small = Hier gehört eine kleine ganze Zahl hin.
say-number-whole = Hier gehört eine ganze Zahl hin.
say-number-positive = Hier gehört eine ganze Zahl hin, nicht negativ.
say-number = Hier gehört eine Zahl hin.
say-seconds-max = Höchstens { $max } Sekunden.
say-position = Hier gehört eine Position wie 1.4711 oder now hin.
say-moment = Hier gehört eine Position wie 1.4711 oder eine Zeit wie 2026-11-22T08:00:00Z hin.
say-position-ahead = Diese Position gibt es noch nicht.
say-past-still = Die Vergangenheit ändert sich nicht; da ist nichts zu verfolgen.
say-record-named = Ein Datensatz wird wie teachers/GAUSS, lessons/7/placements/2 oder time-grid benannt.
say-request-id = eine Anfragenummer hat 1 bis 128 Buchstaben, Ziffern und -_.:/+=@
say-period-of-hours = Nur nach den Stunden eines Unterrichts wird mit Periode gefragt.
say-end-before-start = Das Ende liegt vor dem Anfang.
say-files-max = Ein Import hat höchstens { $max } Dateien.
say-files-none = Bitte mindestens eine Datei mit GPUnnn im Namen senden.
say-form-cut = Das Formular endete, bevor es vollständig war, oder seine Grenzen stimmen nicht.
say-short-text = Hier gehört ein kurzer Text hin.
say-mode = Hier gehört merge oder replace hin.
say-lessons = Hier gehört file oder from-timetable hin.
say-flag = Hier gehört true oder false hin.
say-no-part = Diesen Teil gibt es nicht; eine Datei hat einen Dateinamen.
say-object = Hier gehört ein Objekt hin.
say-time-zone = Diese Zeitzone gibt es nicht; eine heißt zum Beispiel Europe/Berlin.
say-plan-one-source = Ein Plan beginnt mit einem anderen Plan: copy_of oder new_year_of.
say-kind-no-period = Werte für eine einzelne Periode gibt es hier nicht ({ kind }).
say-no-period = Der Plan hat keine Periode „{ $name }“.
say-lost-session = Die verlorene Sitzung war in einem anderen Plan; bitte neu anmelden.
say-credentials = Bitte Benutzer und Passwort senden oder ein Token in Authorization.
say-whose-password = Wessen Passwort ist das?
say-timetable-one-of = Bitte nach einem fragen: class, teacher oder room.
say-room-or-null = Hier gehört der Name eines Raums hin, oder null.
say-patterns-max = Eine Gruppe hat höchstens 1000 Muster.
say-pattern = Ein Muster schreibt man wie 100234~*~* oder 100234~2026-2027~1.
say-name-kept = Dieser Name ist Programmen und dem Dienst vorbehalten.
say-text-200 = Hier gehört ein Text mit höchstens 200 Zeichen ohne Steuerzeichen hin.
say-language = Eine Sprache schreibt man wie en oder de-AT.
say-no-group = Eine Gruppe „{ $name }“ gibt es nicht.
say-outage-message = Bitte schreiben, was die Leute lesen sollen.
say-message-max = Eine Nachricht hat höchstens { $max } Zeichen.
say-message-control = Eine Nachricht hat außer Zeilenenden keine Steuerzeichen.
say-administrators = Die Gruppe administrators lässt sich nicht ändern.
say-activity = Eine Tätigkeit hat höchstens 200 Zeichen und keine Steuerzeichen.
say-no-plan-no-mode = Eine Sitzung ohne Plan hat weder Betriebsart noch Periode.
say-last-administrator = Das ist der letzte Administrator, der sich anmelden kann.
say-plan-too-large = Der Plan ist zu groß zum Kopieren ({ $count } Ereignisse; höchstens { $max }).
say-own-school = Ein Plan beginnt mit einem Plan derselben Schule.
say-copy-periods = eine Kopie behält die Perioden ihrer Vorlage
say-copy-year = Eine Kopie hat das Schuljahr ihrer Quelle; ein anderes Jahr beginnt mit new_year_of.
say-year-after = Es kommt nicht nach { $year }, von dem es ausgeht.
say-no-plan = Einen Plan { $plan } gibt es nicht.
say-year = Ein Schuljahr schreibt man wie 2026-2027.
say-plan-parts = Einen Plan schreibt man Schule~Schuljahr~Version, zum Beispiel 100234~2026-2027~1.
say-school = Eine Schulnummer hat 1 bis 50 Zeichen, ohne ~, /, Steuerzeichen oder Leerzeichen an den Enden.
say-version = Eine Version ist eine Zahl von 1 bis 255.
say-title-200 = Ein Titel hat 1 bis 200 Zeichen und keine Steuerzeichen.
say-moment-over = Dieser Zeitpunkt ist vorbei.
say-last-period = Ein Plan hat mindestens eine Periode.
say-name-periods = Bitte die Perioden nennen, die optimiert werden sollen.
say-whole-plan = Nur das Optimieren nimmt Perioden; diese Aktion gilt dem ganzen Plan.
say-optimise-periods = Eine Periode bei optimise, mehrere bei optimise-many.
say-period-twice = Diese Periode ist zweimal genannt.
say-why-leave = Bitte sagen, warum sie gehen müssen.
say-text-max-control = Höchstens { $max } Zeichen, keine Steuerzeichen.
say-sessions-name = Bitte 1 bis { $max } Sitzungen nennen oder „others“.
say-session-own = Das ist die eigene Sitzung; sie meldet sich selbst ab.
say-session-twice = Diese Sitzung ist zweimal genannt.
say-session-ended = Diese Sitzung ist beendet.
say-session-none = Diese Sitzung gibt es im Plan nicht.
say-record-first = Den Datensatz muss es geben, bevor er Werte für eine Periode haben kann.
say-record-no-period = Ein solcher Datensatz hat keine Werte für eine einzelne Periode.
say-no-room = Der Plan hat keinen Raum „{ $name }“.
say-name-all-periods = Ein Name gilt in allen Perioden.
say-no-record = Im Plan gibt es „{ $name }“ nicht ({ kind }).
say-lesson-hours = Der Unterricht hat { $hours } Wochenstunden; n zählt sie ab 1.
say-placement-needs = Eine Platzierung hat einen Tag und eine Stunde.
say-grid-day = Das Zeitraster hat keinen Tag { $day }.
say-grid-hour = Das Zeitraster hat keine Stunde { $hour }.
say-first-last-day = Hier braucht es einen ersten und einen letzten Tag ({ kind }).
say-ends-before = Es endet, bevor es beginnt.
say-outside-year = Es liegt außerhalb des Schuljahrs { $year } ({ $first } bis { $last }).
say-outside-year-bare = Es liegt außerhalb des Schuljahrs ({ $first } bis { $last }).
say-date-outside-year = Das Datum liegt außerhalb des Schuljahrs ({ $first } bis { $last }).
say-who-absent = Bitte sagen, wer fehlt: teacher, class oder room.
say-name-of-kind = Hier gehört ein Name hin ({ kind }).
say-name-absent = Hier gehört der Name hin, wer fehlt.
say-hours-order = An einem Tag liegt die letzte Stunde nicht vor der ersten.
say-substitution-needs = Eine Vertretung hat ein Datum, eine Stunde und eine Art.
say-which-lesson = Bitte sagen, welcher Unterricht verlegt wird.
say-move-elsewhere = Eine Verlegung geht auf einen anderen Tag oder eine andere Stunde.
say-own-parent = Eine Periode liegt nicht unter sich selbst.
say-outside-parent = Es liegt außerhalb der übergeordneten Periode { $name } ({ $first } bis { $last }).
say-grid-days = Ein Zeitraster hat Tage.
say-grid-hours = Ein Zeitraster hat Stunden.
say-outside-grid = { $count } Datensätze stünden außerhalb: { $names }
say-files-unknown = Keine Datei ist GPU001 bis GPU007, GPU010, GPU012 bis GPU014 oder GPU018; die Nummer steht im Namen.
say-same-table = { $file } wurde schon als dieselbe Tabelle angegeben.
say-no-rows = { $file } hat keine Zeilen.
say-rows-max = Die Datei hat mehr als { $max } Zeilen.
say-list-names-max = Die Liste hat mehr als { $max } Namen.
say-letters = „{ $text }“ ist keiner der Buchstaben { $letters }.
say-name-missing = Der Name fehlt.
say-text-control = Der Text hat Steuerzeichen.
say-text-more = Der Text hat mehr als { $max } Zeichen.
say-not-number = „{ $text }“ ist keine Zahl von 0 bis { $max }.
say-not-whole = „{ $text }“ ist keine ganze Zahl von { $min } bis { $max }.
say-lesson-number-missing = Die Unterrichtsnummer fehlt.
say-day-missing = Der Tag fehlt.
say-hour-missing = Die Stunde fehlt.
say-not-date = „{ $text }“ ist kein Datum in der Form JJJJMMTT.
say-row-long = Die Zeile ist länger als 64 KiB.
say-quote-open = Das Anführungszeichen wird nie geschlossen.
say-quote-long = Das Anführungszeichen wird innerhalb von 64 KiB nicht geschlossen.
say-quote-text = Nach dem schließenden Anführungszeichen geht der Text weiter; eines im Text schreibt man doppelt.
say-utf16 = Die Datei ist UTF-16; gelesen werden UTF-8 und Windows-1252.
say-nul = Ein NUL-Byte: das ist keine Textdatei.
say-no-department = Weder die Dateien noch der Plan haben eine Abteilung „{ $name }“.
say-lesson-unknown = Unterricht { $number } ist weder in den Dateien noch im Plan.
say-absence-unknown = { $file } Zeile { $line }: Absenz { $number } ist unbekannt und wird weggelassen.
say-kind-needs = Hier braucht es einen Wert für { $field } ({ kind }).
say-beyond-year = { $file } Zeile { $line }: reicht über das Schuljahr hinaus ({ $first } bis { $last }).
say-hours-order-file = An einem Tag liegt die letzte Stunde ({ $last }) nicht vor der ersten ({ $first }).
say-would-be-removed = „{ $name }“ ({ kind }) würde entfernt: { $file } führt es nicht auf.
say-not-among = „{ $name }“ ist weder in den Dateien noch im Plan ({ kind }).
say-events-max = Die Dateien führen zu { $count } Änderungen; höchstens { $max } sind möglich.
say-warnings-more = { $count } weitere Warnungen
say-hours-above = { $file } Zeile { $line }: Unterricht { $number } hat { $hours } Wochenstunden und mehr gesetzte Stunden.
say-file-unused = { $file } wird nicht gebraucht: der Unterricht entsteht aus dem Stundenplan.
say-couplings-max = Ein Unterricht hat höchstens { $max } Kopplungen.
say-would-end = Es würde enden ({ $to }), bevor es beginnt ({ $from }).
say-says-else = „{ $name }“ steht schon in Zeile { $line } und sagt etwas anderes.
say-others-meet = { $file }: in { $count } Stunden treffen sich andere, als die Kopplungen sagen.
say-placed-more = { $file } Zeile { $line }: Unterricht { $number } hat { $hours } Wochenstunden und { $placed } gesetzte Stunden.
say-placement-rows-max = Eine Platzierung hat höchstens { $max } Zeilen.
say-removed-referred = { $record } ist nicht aufgeführt und würde entfernt, aber { $user } bezieht sich darauf.
say-grid-widened-day = { $file }: das Zeitraster wird um Tag { $day } erweitert.
say-grid-widened-hours = { $file }: das Zeitraster wird auf { $hours } Stunden erweitert.
say-no-field = Ein Feld dieses Namens gibt es hier nicht ({ kind }).
say-record-name = Ein Datensatz hat einen Namen.
say-one-of-words = Hier gehört eines der Wörter { $words } hin.
say-whole = Hier gehört eine ganze Zahl von { $min } bis { $max } hin.
say-text-100 = Hier gehört ein Text mit höchstens 100 Zeichen ohne Steuerzeichen hin.
say-name-text = Hier gehört ein Name hin, als Text.
say-each-once = Jeder Name nur einmal.
say-text-max = Ein Text hat hier höchstens { $max } Zeichen.
say-text-no-control = Ein Text hat keine Steuerzeichen.
say-text = Hier gehört ein Text hin.
say-decimal = Hier gehört eine Zahl von 0 bis { $max } mit höchstens fünf Nachkommastellen hin.
say-date = Hier gehört ein Datum in der Form JJJJ-MM-TT hin.
say-list = Hier gehört eine Liste hin.
say-list-max = Eine Liste hat hier höchstens { $max } Einträge.
say-days-order = Hier gehört mindestens ein Tag hin, jeder einmal und der Reihe nach.
say-hours-gaps = Stunden werden ab 1 ohne Lücken gezählt.
say-clock = Uhrzeiten schreibt man HH:MM.
say-hour-ends = Eine Stunde endet, nachdem sie beginnt.
say-hour-after-hour = Eine Stunde beginnt, wenn die vorige zu Ende ist.
say-name-empty = Ein Name hat mindestens ein Zeichen.
say-name-50 = Ein Name hat höchstens 50 Zeichen.
say-name-control = Ein Name hat keine Steuerzeichen.
say-name-blanks = Ein Name hat keine Leerzeichen an den Enden.
say-name-nfc = Ein Name ist in der Unicode-Normalform C geschrieben.
say-password-min = Ein Passwort hat mindestens { $min } Zeichen.
say-password-max = Ein Passwort hat höchstens { $max } Bytes.
say-day = Hier gehört ein Tag von 1 bis 7 hin.
say-hours-100 = Hier gehören 1 bis 100 Stunden hin.
say-no-word = „{ $name }“ gibt es hier nicht; möglich sind { $names }.
say-no-kind = Solche Datensätze gibt es nicht.
say-not-position = Das ist keine Position; eine schreibt man wie 1.4711.
say-number-missing = Die Nummer fehlt.
say-lesson-not-of-files = Unterricht { $number } ist weder in GPU002 noch im Plan.
say-lesson-would-go = Unterricht { $number } würde entfernt, weil er in GPU002 fehlt.
say-lesson-differs = { $file } Zeile { $line }: { $field } von Unterricht { $number } weicht von der ersten Zeile des Unterrichts ab; die erste gilt.
say-batch-made = Eine frühere Änderung derselben Sendung hat diesen Datensatz angelegt: bitte * für seinen jeweiligen Stand schreiben.
say-batch-max = Eine Sendung hat höchstens { $max } Änderungen.
say-batch-delete-body = Ein DELETE hat keinen Inhalt.
say-batch-verb = Diese Adresse nimmt die Methode nicht; möglich sind POST, PUT, PATCH und DELETE.
say-batch-etag = Hier gehört ein ETag hin, wie er geantwortet wurde, oder *.
say-batch-own-plan = Eine Sendung ändert den Plan, an den sie geht.
say-batch-address = An dieser Adresse eines Plans gibt es nichts zu schreiben.
say-batch-parameters = Eine Änderung kann period und merge=disjoint mitführen, sonst nichts.
say-no-lesson = Der Plan hat keinen Unterricht „{ $name }“.
say-undo-singleton = Ein Plan hat immer sein Zeitraster und seine Schuldaten.
say-undo-refers = Es bezieht sich auf einen Datensatz, den es nicht mehr gibt.
say-undo-no-change = An dieser Position wurde kein Datensatz dieses Plans geändert.
say-undo-import-whole = Ein Import wird als Ganzes zurückgenommen: bitte seine Kennung als import senden.
say-undo-no-import = Der Plan hat keinen Import mit dieser Kennung.
say-undo-either = Hier gehört entweder positions oder import hin.
say-undo-positions-max = Hier gehören 1 bis { $max } Positionen hin.
say-undo-once = Jede Position nur einmal.
say-optimisation-period = Diese Optimierung gilt nicht für diese Periode.
say-hour-twice = Diese Stunde des Unterrichts ist zweimal gesetzt.
say-result-max = Ein Ergebnis hat höchstens { $max } Platzierungen.
say-result-field = Ein Feld dieses Namens hat eine Platzierung eines Ergebnisses nicht.
say-name-here = Hier gehört ein Name hin.
say-hour-number = Hier gehört die Nummer der Stunde hin, ab 1.
say-licence-field = Ein Feld dieses Namens hat eine Lizenz nicht.
say-moved-where = Bitte sagen, wohin die Stunde verlegt wird.
say-only-move = Nur eine Verlegung geht an eine andere Stelle.
say-period-below = Periode { $name } ({ $first } bis { $last }) liegt darunter und läge dann außerhalb.
say-period-overlaps = Periode { $name } ({ $first } bis { $last }) überschneidet sich damit: bitte eine kürzen oder eine ganz in die andere legen (parent).
say-leavers = Hier gehört eine Liste von Sitzungen hin oder das Wort „others“.
say-head-long = Der Kopf der Anfrage ist zu lang.
say-no-http = Das ist keine HTTP-Anfrage.

## Sätze der Bibliotheken, die JSON, Zeitpunkte und Kennungen lesen

say-field-missing = Die Angabe „{ $name }“ fehlt.
say-field-unknown-none = Die Angabe „{ $name }“ gibt es hier nicht.
say-field-unknown-of = Die Angabe „{ $name }“ gibt es hier nicht; möglich sind { $names }.
say-field-unknown = Die Angabe „{ $name }“ gibt es hier nicht; möglich ist { $names }.
say-variant-of = „{ $name }“ gibt es hier nicht; möglich sind { $names }.
say-variant = „{ $name }“ gibt es hier nicht; möglich ist { $names }.
say-type = Das ist von der falschen Art ({ $found }; erwartet: { $wanted }).
say-value = Dieser Wert passt nicht ({ $found }; erwartet: { $wanted }).
say-length = Die Länge passt nicht ({ $found }; erwartet: { $wanted }).
say-json = Das ist kein JSON (Zeile { $line }, Spalte { $column }: { $what }).
say-expected-value = Hier gehört eines der möglichen Wörter hin.
say-field-twice = Die Angabe „{ $name }“ steht zweimal da.
say-field-unknown-two = Die Angabe „{ $name }“ gibt es hier nicht; möglich sind „{ $first }“ und „{ $second }“.
say-variant-two = „{ $name }“ gibt es hier nicht; möglich sind „{ $first }“ und „{ $second }“.
say-variant-untagged = Das passt auf keine der möglichen Formen.
say-time-characters = Hier gehört ein Zeitpunkt hin wie 2026-11-22T13:30:00Z; darin sind falsche Zeichen.
say-time-short = Hier gehört ein Zeitpunkt hin wie 2026-11-22T13:30:00Z; er ist unvollständig.
say-time-range = Diesen Zeitpunkt gibt es nicht.
say-time-long = Hier gehört ein Zeitpunkt hin wie 2026-11-22T13:30:00Z; dahinter steht noch etwas.
say-time-none = Diesen Zeitpunkt gibt es nicht.
say-uuid = Das ist keine Kennung, wie der Dienst sie vergibt.

## Was in diesen Sätzen für $found, $wanted und $what steht

part-boolean = der Wahrheitswert { $value }
part-integer = die ganze Zahl { $value }
part-decimal = die Zahl { $value }
part-text = der Text { $value }
part-null = nichts (null)
part-list = eine Liste
part-object = ein Objekt
part-a-text = ein Text
part-a-boolean = true oder false
part-a-list = eine Liste
part-an-object = ein Objekt
part-struct = ein Objekt
part-struct-of = ein Objekt
part-enum = eines der möglichen Wörter
part-text-or-object = ein Text oder ein Objekt
part-variant = eines der möglichen Wörter
part-date = ein Datum
part-moment = ein Zeitpunkt wie 2026-11-22T13:30:00Z
part-uuid = eine Kennung
part-u8 = eine ganze Zahl von 0 bis 255
part-u16 = eine ganze Zahl von 0 bis 65535
part-u32 = eine ganze Zahl, nicht negativ
part-u64 = eine ganze Zahl, nicht negativ
part-i64 = eine ganze Zahl
part-f64 = eine Zahl
part-any = ein JSON-Wert
part-a-value = ein JSON-Wert
part-a-name = ein Name
part-eof = der Text endet zu früh
part-expected-value = hier fehlt ein Wert
part-expected-or = hier fehlt { $first } oder { $second }
part-expected = hier fehlt { $mark }
part-expected-word = hier steht ein unbekanntes Wort
part-escape = nach \ steht ein falsches Zeichen
part-number = die Zahl ist falsch geschrieben
part-number-range = die Zahl ist zu groß
part-code-point = kein Unicode-Zeichen
part-control = ein Steuerzeichen im Text
part-key = Namen stehen in Anführungszeichen
part-surrogate = die Hälfte eines Zeichens fehlt
part-hex = die Hälfte eines Zeichens fehlt
part-comma = ein Komma zu viel
part-trailing = danach steht noch etwas
part-recursion = zu tief verschachtelt

kind =
    { $kind ->
        [classes] Klassen
        [teachers] Lehrkräfte
        [rooms] Räume
        [subjects] Fächer
        [departments] Abteilungen
        [students] Schüler
        [lessons] Unterricht
        [placements] Platzierungen
        [periods] Perioden
        [holidays] Ferien
        [absences] Absenzen
        [substitutions] Vertretungen
        [absence-reasons] Absenzgründe
        [time-grid] Zeitraster
        [school-data] Schuldaten
        [class] Klasse
        [teacher] Lehrkraft
        [room] Raum
        [subject] Fach
        [department] Abteilung
        [student] Schüler
        [lesson] Unterricht
        [placement] Platzierung
        [period] Periode
        [holiday] Ferien
        [absence] Absenz
        [substitution] Vertretung
        [absence-reason] Absenzgrund
        [record] Datensatz
       *[other] { $kind }
    }
