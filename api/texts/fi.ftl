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
