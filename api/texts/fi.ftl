### Mitä Daybook sanoo ihmisille, suomeksi. Muuta sanoja, säilytä avaimet ja aaltosulkeissa olevat tiedot ({ $name }).
### Kirjoitustapa: https://projectfluent.org. Muissa kielissä on samat avaimet; testi vertaa niitä.

## Kieltäytymiset: otsikko ja se, mitä tällä kertaa tapahtui

problem-unreadable = Pyyntöä ei voi lukea
    .detail = Pyyntöä ei voitu lukea.
problem-not-logged-in = Ei kirjautunut
    .detail = Tarvitaan voimassa oleva tunniste, tai käyttäjätunnus ja salasana ovat väärin.
problem-signed-off = Kirjattu ulos
    .detail =
        { $case ->
            [by] { $by } päätti tämän istunnon.
            [by-with-words] { $by } päätti tämän istunnon: { $message }
           *[other] Toinen käyttäjä päätti tämän istunnon.
        }
problem-session-expired = Istunto on vanhentunut
    .detail = Istunto on päättynyt; kirjaudu uudelleen.
problem-not-permitted = Ei sallittu
    .detail =
        { $right ->
            [plan] Ryhmäsi ei pääse tähän suunnitelmaan.
            [mode] Istunnon tila ei salli sitä.
            [none] Et voi tehdä tätä.
           *[other] Tähän tarvitaan oikeus ”{ $right }”.
        }
problem-not-found = Ei löydy
    .detail = Tässä osoitteessa ei ole mitään.
problem-method = Menetelmä ei käy
    .detail = Osoite ei ota vastaan tätä menetelmää; katso Allow-otsake.
problem-too-large = Liian suuri
    .detail = Sisältö on suurempi kuin osoite ottaa vastaan.
problem-media-type = Sisältötyyppi ei käy
    .detail = Sisällön on oltava application/json.
problem-exists = On jo olemassa
    .detail = Samanniminen on jo olemassa.
problem-in-use = Käytössä
    .detail = Muut viittaavat siihen.
problem-not-alone = Suunnitelmassa on muita
    .detail = Suunnitelmassa on muita; tämän voi tehdä vain yksin.
problem-lock-refused = Lukkoa ei annettu
    .detail = Toinen lukko on esteenä.
problem-lock-missing = Lukko puuttuu
    .detail =
        { $action ->
            [none] Tähän tarvitaan lukko.
           *[other] Tähän tarvitaan lukko toiminnolle ”{ $action }”.
        }
problem-lock-ended = Lukko on päättynyt
    .detail =
        { $action ->
            [none] Lukko on päättynyt.
           *[other] Lukko toiminnolle ”{ $action }” on päättynyt.
        }
problem-epoch-changed = Palautettu varmuuskopiosta
    .detail = Tiedot on palautettu sen jälkeen; lue uudelleen viimeisestä yhteisestä kohdasta.
problem-stale = Muuttunut sillä välin
    .detail = Joku toinen ehti ensin; muutostasi ei tallennettu.
problem-invalid = Virheellinen
    .detail = Pyyntö rikkoo sääntöä.
problem-import-faults = Virheitä tiedostoissa
    .detail = Tiedostoissa on virheitä; mitään ei tuotu.
problem-key-reused = Idempotency-Key käytetty toiseen pyyntöön
    .detail = Käytä uuteen pyyntöön uutta Idempotency-Key-avainta.
problem-blocked = Estetty
    .detail =
        { $rule ->
            [optimisation] Jaksoa, jota tämä koskee, optimoidaan parhaillaan.
            [cover] Jaksolle, jota tämä koskee, suunnitellaan parhaillaan sijaisuuksia.
           *[other] Suunnitelmalla on yksinomainen lukko.
        }
problem-revision-missing = Versio puuttuu
    .detail = Lähetä If-Match ja se ETag, johon muutos perustuu.
problem-too-many = Liikaa pyyntöjä
    .detail = Hidasta hieman; Retry-After kertoo, milloin voit jatkaa.
problem-internal = Sisäinen virhe
    .detail = Jokin meni vikaan; se on kirjattu lokiin pyynnön tunnuksella.
problem-outage = Palvelukatko
    .detail = Palvelu ei ole juuri nyt käytettävissä.
problem-gate-closed = Kirjautuminen on suljettu
    .detail = Juuri nyt kukaan ei voi kirjautua.
problem-projection-behind = Ei vielä luettavissa
    .detail = Pyydettyä kohtaa ei voi vielä lukea; yritä uudelleen.
problem-busy = Ruuhkaa
    .detail = Juuri nyt on liikaa työtä; yritä uudelleen.

and-more = { $text } (ja { $more } muuta)

## Mikä lähetetyssä on vialla

notice-title = Tähän kuuluu yksirivinen otsikko.
notice-hidden-before-shown = Tämän on oltava myöhemmin kuin { $date }, jolloin tiedote näkyy ensimmäisen kerran.
notices-too-many = Tiedotteita on jo { $max }; poista ensin joitakin.
text-missing = Tähän tarvitaan tekstiä.
text-too-long = Tekstissä saa tässä olla enintään { $max } merkkiä.
text-control-characters = Tekstissä ei saa olla ohjausmerkkejä.
message-users = Nimeä 1–{ $max } käyttäjää.
no-such-user = Käyttäjää ”{ $name }” ei ole.
user-disabled = Käyttäjä ”{ $name }” ei voi enää kirjautua.
no-such-plan = Suunnitelmaa ”{ $plan }” ei ole.
unread-of-sent = Lähetetyt viestit lukee joku muu; kysy lukemattomia saapuneiden joukosta.
message-addressees = Nimeä joko käyttäjiä tai suunnitelma.
message-stays-read = Luettu viesti pysyy luettuna; lähetä true.

## Palvelun viestit. code: kieltäytymisen koodi; record: mitä piti muuttaa; by: kuka ehti ensin tai kirjaa ulos

message-refused =
    { $code ->
        [stale] { $by ->
            [none] Muutostasi kohteeseen { $record } ei tallennettu: joku muu ehti ensin.
           *[other] Muutostasi kohteeseen { $record } ei tallennettu: { $by } ehti ensin.
        }
        [blocked] { $rule ->
            [optimisation] Muutostasi ei tallennettu: jaksoa, jota se koskee, optimoidaan parhaillaan.
            [cover] Muutostasi ei tallennettu: jaksolle, jota se koskee, suunnitellaan sijaisuuksia.
           *[other] Muutostasi ei tallennettu: suunnitelmalla on yksinomainen lukko.
        }
        [not-alone] Et saanut lukkoa toiminnolle ”{ $action }”: suunnitelmassa on muita.
        [lock-refused] Et saanut lukkoa toiminnolle ”{ $action }”: toinen lukko on esteenä.
        [lock-missing] Muutostasi ei tallennettu: siihen tarvitaan lukko toiminnolle ”{ $action }”.
        [lock-ended] Muutostasi ei tallennettu: lukko toiminnolle ”{ $action }” on päättynyt.
       *[other] Muutostasi ei tallennettu.
    }
message-sign-off =
    { $seconds ->
        [0] { $by } on kirjannut sinut ulos: { $message }
        [one] { $by } kirjaa sinut ulos sekunnin kuluttua: { $message }
       *[other] { $by } kirjaa sinut ulos { $seconds } sekunnin kuluttua: { $message }
    }
