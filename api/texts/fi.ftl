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
export-numbers = Näissä tiedostoissa ei ole paikkaa seuraaville tietueille, koska ne kutsuvat oppitunteja, poissaoloja ja sijaisuuksia numeroilla:
export-no-file = Vietävää tiedostoa { $name } ei ole; mahdollisia ovat { $names }.
date-says-it = Päivämäärä kertoo sen: anna { $name } tai date, ei molempia.
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
        [lock-blocked] Et saanut lukkoa toiminnolle ”{ $action }”: sijaisuuksia suunnitellaan parhaillaan.
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

## Lauseet, jotka ohjelma sanoo englanniksi (en.ftl), tällä kielellä

say-unreadable = Pyyntöä ei voitu lukea.
say-key = Tähän kuuluu 1–200 näkyvää ASCII-merkkiä.
say-one-lock = Tähän kuuluu yksi lukko.
say-twice = Tämä on annettu kahdesti.
say-ascii = Tässä käyvät vain ASCII-merkit.
say-body-cut = Sisältö loppui kesken.
say-cursor = Tämä luettelo ei ole antanut tällaista jatkokohtaa.
say-whole-must = Tähän kuuluu kokonaisluku väliltä { $min }–{ $max }.
say-encoding-utf8 = Prosenttikoodaus on rikki: ei UTF-8.
say-encoding = Prosenttikoodaus on rikki.
say-etags = Tämä ei ole luettelo ETag-arvoja.
say-deep = Sisäkkäisyys on yli { $max } tasoa.
say-member-twice = Tieto on annettu kahdesti.
say-flag-must = Tähän kuuluu true tai false.
say-number-small = Tähän kuuluu pieni kokonaisluku.
say-number-whole = Tähän kuuluu kokonaisluku.
say-number-positive = Tähän kuuluu kokonaisluku, ei negatiivinen.
say-number = Tähän kuuluu luku.
say-seconds-max = Enintään { $max } sekuntia.
say-position = Tähän kuuluu kohta, kuten 1.4711, tai now.
say-moment = Tähän kuuluu kohta, kuten 1.4711, tai aika, kuten 2026-11-22T08:00:00Z.
say-position-ahead = Tätä kohtaa ei vielä ole.
say-past-still = Mennyt ei muutu; siinä ei ole mitään seurattavaa.
say-record-named = Tietue nimetään kuten teachers/GAUSS, lessons/7/placements/2 tai time-grid.
say-request-id = pyynnön tunnuksessa on 1–128 kirjainta, numeroa ja merkkiä -_.:/+=@
say-period-of-hours = Vain oppitunnin tunteja kysytään jaksoittain.
say-end-before-start = Loppu on ennen alkua.
say-files-max = Tuonnissa on enintään { $max } tiedostoa.
say-files-none = Lähetä ainakin yksi tiedosto, jonka nimessä on GPUnnn.
say-form-cut = Lomake loppui kesken, tai sen rajat ovat väärin.
say-short-text = Tähän kuuluu lyhyt teksti.
say-mode = Tähän kuuluu merge tai replace.
say-lessons = Tähän kuuluu file tai from-timetable.
say-flag = Tähän kuuluu true tai false.
say-no-part = Tällaista osaa ei ole; tiedostolla on tiedostonimi.
say-object = Tähän kuuluu objekti.
say-time-zone = Aikavyöhykettä ei ole; yksi on esimerkiksi Europe/Helsinki.
say-plan-one-source = Suunnitelma alkaa yhdestä toisesta: copy_of tai new_year_of.
say-kind-no-period = Tässä ei ole jaksokohtaisia arvoja ({ kind }).
say-no-period = Suunnitelmassa ei ole jaksoa ”{ $name }”.
say-lost-session = Kadonnut istunto oli toisessa suunnitelmassa; kirjaudu uudelleen.
say-credentials = Lähetä käyttäjätunnus ja salasana tai tunniste Authorization-otsakkeessa.
say-whose-password = Kenen salasana tämä on?
say-timetable-one-of = Kysy yhtä: class, teacher tai room.
say-room-or-null = Tähän kuuluu tilan nimi tai null.
say-patterns-max = Ryhmällä on enintään 1000 mallia.
say-pattern = Malli kirjoitetaan kuten 100234~*~* tai 100234~2026-2027~1.
say-name-kept = Nimi on varattu ohjelmille ja palvelulle.
say-text-200 = Tähän kuuluu enintään 200 merkin teksti ilman ohjausmerkkejä.
say-language = Kieli kirjoitetaan kuten en tai fi-FI.
say-no-group = Ryhmää ”{ $name }” ei ole.
say-outage-message = Kirjoita, mitä ihmisten pitää lukea.
say-message-max = Viestissä on enintään { $max } merkkiä.
say-message-control = Viestissä ei ole ohjausmerkkejä rivinvaihtoja lukuun ottamatta.
say-administrators = Ryhmää administrators ei voi muuttaa.
say-activity = Toimi on enintään 200 merkkiä eikä sisällä ohjausmerkkejä.
say-no-plan-no-mode = Istunnolla, joka ei ole suunnitelmassa, ei ole tilaa eikä jaksoa.
say-last-administrator = Tämä on viimeinen ylläpitäjä, joka voi kirjautua.
say-plan-too-large = Suunnitelma on liian suuri kopioitavaksi ({ $count } tapahtumaa; enintään { $max }).
say-own-school = Suunnitelma alkaa saman koulun suunnitelmasta.
say-copy-periods = kopio säilyttää lähteensä jaksot
say-copy-year = Kopiolla on lähteensä lukuvuosi; toinen lukuvuosi alkaa new_year_of-tiedolla.
say-year-after = Se ei tule lukuvuoden { $year } jälkeen, josta se alkaa.
say-no-plan = Suunnitelmaa { $plan } ei ole.
say-year = Lukuvuosi kirjoitetaan kuten 2026-2027.
say-plan-parts = Suunnitelma kirjoitetaan koulu~lukuvuosi~versio, esimerkiksi 100234~2026-2027~1.
say-school = Koulun numerossa on 1–50 merkkiä ilman merkkejä ~ ja /, ohjausmerkkejä tai välilyöntejä päissä.
say-version = Versio on luku väliltä 1–255.
say-title-200 = Otsikossa on 1–200 merkkiä eikä ohjausmerkkejä.
say-moment-over = Tämä hetki on jo ohi.
say-last-period = Suunnitelmassa on ainakin yksi jakso.
say-name-periods = Nimeä jaksot, jotka optimoidaan.
say-whole-plan = Vain optimointi ottaa jaksoja; tämä toiminto koskee koko suunnitelmaa.
say-optimise-periods = Yksi jakso toiminnolle optimise, useita toiminnolle optimise-many.
say-period-twice = Jakso on nimetty kahdesti.
say-why-leave = Kerro, miksi heidän pitää poistua.
say-text-max-control = Enintään { $max } merkkiä, ei ohjausmerkkejä.
say-sessions-name = Nimeä 1–{ $max } istuntoa tai sano ”others”.
say-session-own = Tämä on oma istunto; se kirjautuu itse ulos.
say-session-twice = Istunto on nimetty kahdesti.
say-session-ended = Istunto on päättynyt.
say-session-none = Suunnitelmassa ei ole tällaista istuntoa.
say-record-first = Tietueen on oltava olemassa, ennen kuin sillä voi olla jaksokohtaisia arvoja.
say-record-no-period = Tällaisella tietueella ei ole jaksokohtaisia arvoja.
say-no-room = Suunnitelmassa ei ole tilaa ”{ $name }”.
say-name-all-periods = Nimi on voimassa kaikissa jaksoissa.
say-no-record = Suunnitelmassa ei ole kohdetta ”{ $name }” ({ kind }).
say-lesson-hours = Oppitunnilla on { $hours } viikkotuntia; n laskee ne alkaen 1:stä.
say-placement-needs = Sijoituksella on päivä ja tunti.
say-grid-day = Aikaruudukossa ei ole päivää { $day }.
say-grid-hour = Aikaruudukossa ei ole tuntia { $hour }.
say-first-last-day = Tässä tarvitaan ensimmäinen ja viimeinen päivä ({ kind }).
say-ends-before = Se päättyy ennen kuin alkaa.
say-outside-year = Se on lukuvuoden { $year } ulkopuolella ({ $first }–{ $last }).
say-outside-year-bare = Se on lukuvuoden ulkopuolella ({ $first }–{ $last }).
say-date-outside-year = Päivä on lukuvuoden ulkopuolella ({ $first }–{ $last }).
say-who-absent = Kerro, kuka on poissa: teacher, class tai room.
say-name-of-kind = Tähän kuuluu nimi ({ kind }).
say-name-absent = Tähän kuuluu poissa olevan nimi.
say-hours-order = Samana päivänä viimeinen tunti ei ole ennen ensimmäistä.
say-substitution-needs = Sijaisuudella on päivä, tunti ja laji.
say-which-lesson = Kerro, mikä oppitunti siirretään.
say-move-elsewhere = Siirto menee toiseen päivään tai tuntiin kuin mistä se lähtee.
say-own-parent = Jakso ei ole itsensä alla.
say-outside-parent = Se on ylemmän jakson { $name } ulkopuolella ({ $first }–{ $last }).
say-grid-days = Aikaruudukossa on päiviä.
say-grid-hours = Aikaruudukossa on tunteja.
say-outside-grid = { $count } tietuetta jäisi ulkopuolelle: { $names }
say-files-unknown = Mikään tiedosto ei ole GPU001–GPU007, GPU010, GPU012–GPU014 tai GPU018; numero on nimessä.
say-same-table = { $file } on jo annettu samana tauluna.
say-no-rows = Tiedostossa { $file } ei ole rivejä.
say-rows-max = Tiedostossa on yli { $max } riviä.
say-list-names-max = Luettelossa on yli { $max } nimeä.
say-letters = ”{ $text }” ei ole mikään kirjaimista { $letters }.
say-name-missing = Nimi puuttuu.
say-text-control = Tekstissä on ohjausmerkkejä.
say-text-more = Tekstissä on yli { $max } merkkiä.
say-not-number = ”{ $text }” ei ole luku väliltä 0–{ $max }.
say-not-whole = ”{ $text }” ei ole kokonaisluku väliltä { $min }–{ $max }.
say-lesson-number-missing = Oppitunnin numero puuttuu.
say-day-missing = Päivä puuttuu.
say-hour-missing = Tunti puuttuu.
say-not-date = ”{ $text }” ei ole muodossa VVVVKKPP kirjoitettu päivä.
say-row-long = Rivi on yli 64 KiB.
say-quote-open = Lainausmerkkiä ei suljeta.
say-quote-long = Lainausmerkkiä ei suljeta 64 KiB:n sisällä.
say-quote-text = Teksti jatkuu lainausmerkin jälkeen; sisällä oleva lainausmerkki kirjoitetaan kahdesti.
say-utf16 = Tiedosto on UTF-16; UTF-8 ja Windows-1252 voidaan lukea.
say-nul = NUL-tavu: tämä ei ole tekstitiedosto.
say-no-department = Osastoa ”{ $name }” ei ole tiedostoissa eikä suunnitelmassa.
say-lesson-unknown = Oppituntia { $number } ei ole tiedostoissa eikä suunnitelmassa.
say-absence-unknown = { $file } rivi { $line }: poissaoloa { $number } ei tunneta, se jätetään pois.
say-kind-needs = Tässä tarvitaan arvo kentälle { $field } ({ kind }).
say-beyond-year = { $file } rivi { $line }: ulottuu lukuvuoden yli ({ $first }–{ $last }).
say-hours-order-file = Samana päivänä viimeinen tunti ({ $last }) ei ole ennen ensimmäistä ({ $first }).
say-would-be-removed = ”{ $name }” ({ kind }) poistettaisiin: { $file } ei mainitse sitä.
say-not-among = Kohdetta ”{ $name }” ei ole tiedostoissa eikä suunnitelmassa ({ kind }).
say-events-max = Tiedostoista syntyy { $count } muutosta; enintään { $max } käy.
say-warnings-more = { $count } muuta varoitusta
say-hours-above = { $file } rivi { $line }: oppitunnilla { $number } on { $hours } viikkotuntia ja enemmän sijoitettuja tunteja.
say-file-unused = Tiedostoa { $file } ei käytetä: oppitunnit tehdään lukujärjestyksestä.
say-couplings-max = Oppitunnilla on enintään { $max } kytkentää.
say-would-end = Se päättyisi ({ $to }) ennen kuin alkaa ({ $from }).
say-says-else = ”{ $name }” on jo rivillä { $line } ja sanoo muuta.
say-others-meet = { $file }: { $count } tunnilla kohtaavat muut kuin kytkennät sanovat.
say-placed-more = { $file } rivi { $line }: oppitunnilla { $number } on { $hours } viikkotuntia ja { $placed } sijoitettua tuntia.
say-placement-rows-max = Sijoituksella on enintään { $max } riviä.
say-removed-referred = { $record } ei ole mukana ja poistettaisiin, mutta { $user } viittaa siihen.
say-grid-widened-day = { $file }: aikaruudukkoon lisätään päivä { $day }.
say-grid-widened-hours = { $file }: aikaruudukko laajennetaan { $hours } tuntiin.
say-no-field = Tämännimistä kenttää ei tässä ole ({ kind }).
say-record-name = Tietueella on nimi.
say-one-of-words = Tähän kuuluu jokin sanoista { $words }.
say-whole = Tähän kuuluu kokonaisluku väliltä { $min }–{ $max }.
say-text-100 = Tähän kuuluu enintään 100 merkin teksti ilman ohjausmerkkejä.
say-name-text = Tähän kuuluu nimi tekstinä.
say-each-once = Kukin nimi vain kerran.
say-text-max = Tekstissä saa tässä olla enintään { $max } merkkiä.
say-text-no-control = Tekstissä ei saa olla ohjausmerkkejä.
say-text = Tähän kuuluu teksti.
say-decimal = Tähän kuuluu luku väliltä 0–{ $max }, enintään viisi desimaalia.
say-date = Tähän kuuluu päivä muodossa VVVV-KK-PP.
say-list = Tähän kuuluu luettelo.
say-list-max = Luettelossa saa tässä olla enintään { $max } kohtaa.
say-days-order = Tähän kuuluu ainakin yksi päivä, kukin kerran ja järjestyksessä.
say-hours-gaps = Tunnit numeroidaan 1:stä ilman aukkoja.
say-clock = Kellonajat kirjoitetaan HH:MM.
say-hour-ends = Tunti päättyy alkamisensa jälkeen.
say-hour-after-hour = Tunti alkaa, kun edellinen on päättynyt.
say-name-empty = Nimessä on ainakin yksi merkki.
say-name-50 = Nimessä on enintään 50 merkkiä.
say-name-control = Nimessä ei ole ohjausmerkkejä.
say-name-blanks = Nimessä ei ole välilyöntejä päissä.
say-name-nfc = Nimi kirjoitetaan Unicode-normaalimuodossa C.
say-password-min = Salasanassa on vähintään { $min } merkkiä.
say-password-max = Salasanassa on enintään { $max } tavua.
say-day = Tähän kuuluu päivä väliltä 1–7.
say-hours-100 = Tähän kuuluu 1–100 tuntia.
say-no-word = ”{ $name }” ei käy tässä; mahdollisia ovat { $names }.
say-no-kind = Tällaisia tietueita ei ole.
say-not-position = Tämä ei ole kohta; kohta kirjoitetaan kuten 1.4711.
say-number-missing = Numero puuttuu.
say-lesson-not-of-files = Oppituntia { $number } ei ole tiedostossa GPU002 eikä suunnitelmassa.
say-lesson-would-go = Oppitunti { $number } poistettaisiin, koska se puuttuu tiedostosta GPU002.
say-lesson-differs = { $file } rivi { $line }: oppitunnin { $number } { $field } poikkeaa oppitunnin ensimmäisestä rivistä, joka on voimassa.
say-batch-made = Saman erän aiempi muutos on luonut tietueen: kirjoita *, olipa sen versio mikä tahansa.
say-batch-max = Erässä on enintään { $max } muutosta.
say-batch-delete-body = DELETE-pyynnöllä ei ole sisältöä.
say-batch-verb = Osoite ei ota menetelmää vastaan; mahdollisia ovat POST, PUT, PATCH ja DELETE.
say-batch-etag = Tähän kuuluu ETag sellaisena kuin se saatiin, tai *.
say-batch-own-plan = Erä muuttaa suunnitelmaa, johon se lähetetään.
say-batch-address = Tässä suunnitelman osoitteessa ei ole mitään kirjoitettavaa.
say-batch-parameters = Muutoksella voi olla parametrit period ja merge=disjoint, ei muita.
say-no-lesson = Suunnitelmassa ei ole oppituntia ”{ $name }”.
say-undo-singleton = Suunnitelmalla on aina aikaruudukkonsa ja koulun tietonsa.
say-undo-refers = Se viittaa tietueeseen, jota ei enää ole.
say-undo-no-change = Tässä kohdassa ei muutettu mitään tämän suunnitelman tietuetta.
say-undo-import-whole = Tuonti perutaan kokonaisena: lähetä sen tunnus kentässä import.
say-undo-no-import = Suunnitelmassa ei ole tuontia, jolla on tämä tunnus.
say-undo-either = Tähän kuuluu joko positions tai import.
say-undo-positions-max = Tähän kuuluu 1–{ $max } kohtaa.
say-undo-once = Kukin kohta vain kerran.
say-optimisation-period = Optimointi ei koske tätä jaksoa.
say-hour-twice = Oppitunnin tämä tunti on sijoitettu kahdesti.
say-result-max = Tuloksessa on enintään { $max } sijoitusta.
say-result-field = Tuloksen sijoituksessa ei ole tämännimistä kenttää.
say-name-here = Tähän kuuluu nimi.
say-hour-number = Tähän kuuluu tunnin numero alkaen 1:stä.
say-licence-field = Lisenssissä ei ole tämännimistä kenttää.
say-moved-where = Kerro, minne tunti siirretään.
say-only-move = Vain siirto menee toiseen paikkaan.
say-period-below = Jakso { $name } ({ $first }–{ $last }) on sen alla ja jäisi sen ulkopuolelle.
say-period-overlaps = Jakso { $name } ({ $first }–{ $last }) menee sen kanssa päällekkäin: lyhennä toista tai aseta toinen kokonaan toisen sisään (parent).
say-leavers = Tähän kuuluu luettelo istunnoista tai sana ”others”.
say-head-long = Pyynnön otsake on liian pitkä.
say-no-http = Tämä ei ole HTTP-pyyntö.

## JSONia, ajankohtia ja tunnuksia lukevien kirjastojen lauseet

say-field-missing = Tieto ”{ $name }” puuttuu.
say-field-unknown-none = Tietoa ”{ $name }” ei tässä ole.
say-field-unknown-of = Tietoa ”{ $name }” ei tässä ole; mahdollisia ovat { $names }.
say-field-unknown = Tietoa ”{ $name }” ei tässä ole; mahdollinen on { $names }.
say-variant-of = ”{ $name }” ei käy tässä; mahdollisia ovat { $names }.
say-variant = ”{ $name }” ei käy tässä; mahdollinen on { $names }.
say-type = Tämä on väärää lajia ({ $found }; odotettu: { $wanted }).
say-value = Arvo ei käy ({ $found }; odotettu: { $wanted }).
say-length = Pituus ei käy ({ $found }; odotettu: { $wanted }).
say-json = Tämä ei ole JSONia (rivi { $line }, sarake { $column }: { $what }).
say-expected-value = Tähän kuuluu jokin mahdollisista sanoista.
say-field-twice = Tieto ”{ $name }” on annettu kahdesti.
say-field-unknown-two = Tietoa ”{ $name }” ei tässä ole; mahdollisia ovat ”{ $first }” ja ”{ $second }”.
say-variant-two = ”{ $name }” ei käy tässä; mahdollisia ovat ”{ $first }” ja ”{ $second }”.
say-variant-untagged = Tämä ei vastaa mitään mahdollista muotoa.
say-time-characters = Tähän kuuluu ajankohta kuten 2026-11-22T13:30:00Z; siinä on vääriä merkkejä.
say-time-short = Tähän kuuluu ajankohta kuten 2026-11-22T13:30:00Z; se on vajaa.
say-time-range = Tällaista ajankohtaa ei ole.
say-time-long = Tähän kuuluu ajankohta kuten 2026-11-22T13:30:00Z; sen perässä on vielä jotakin.
say-time-none = Tällaista ajankohtaa ei ole.
say-uuid = Tämä ei ole palvelun antama tunnus.

## Mitä näissä lauseissa on kohdissa $found, $wanted ja $what

part-boolean = totuusarvo { $value }
part-integer = kokonaisluku { $value }
part-decimal = luku { $value }
part-text = teksti { $value }
part-null = ei mitään (null)
part-list = luettelo
part-object = objekti
part-a-text = teksti
part-a-boolean = true tai false
part-a-list = luettelo
part-an-object = objekti
part-struct = objekti
part-struct-of = objekti
part-enum = jokin mahdollisista sanoista
part-text-or-object = teksti tai objekti
part-variant = jokin mahdollisista sanoista
part-date = päivä
part-moment = ajankohta kuten 2026-11-22T13:30:00Z
part-uuid = tunnus
part-u8 = kokonaisluku väliltä 0–255
part-u16 = kokonaisluku väliltä 0–65535
part-u32 = kokonaisluku, ei negatiivinen
part-u64 = kokonaisluku, ei negatiivinen
part-i64 = kokonaisluku
part-f64 = luku
part-any = JSON-arvo
part-a-value = JSON-arvo
part-a-name = nimi
part-eof = teksti loppuu kesken
part-expected-value = tästä puuttuu arvo
part-expected-or = tästä puuttuu { $first } tai { $second }
part-expected = tästä puuttuu { $mark }
part-expected-word = tässä on tuntematon sana
part-escape = merkin \ jälkeen on väärä merkki
part-number = luku on väärin kirjoitettu
part-number-range = luku on liian suuri
part-code-point = ei Unicode-merkki
part-control = ohjausmerkki tekstissä
part-key = nimet ovat lainausmerkeissä
part-surrogate = merkistä puuttuu puolet
part-hex = merkistä puuttuu puolet
part-comma = yksi pilkku liikaa
part-trailing = perässä on vielä jotakin
part-recursion = liian syvällä sisäkkäin

kind =
    { $kind ->
        [classes] luokat
        [teachers] opettajat
        [rooms] tilat
        [subjects] aineet
        [departments] osastot
        [students] oppilaat
        [lessons] oppitunnit
        [placements] sijoitukset
        [periods] jaksot
        [holidays] lomat
        [absences] poissaolot
        [substitutions] sijaisuudet
        [absence-reasons] poissaolon syyt
        [time-grid] aikaruudukko
        [school-data] koulun tiedot
        [class] luokka
        [teacher] opettaja
        [room] tila
        [subject] aine
        [department] osasto
        [student] oppilas
        [lesson] oppitunti
        [placement] sijoitus
        [period] jakso
        [holiday] loma
        [absence] poissaolo
        [substitution] sijaisuus
        [absence-reason] poissaolon syy
        [record] tietue
       *[other] { $kind }
    }
