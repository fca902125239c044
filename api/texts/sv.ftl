### Det som Daybook säger till människor, på svenska. Ändra orden, låt nycklar och uppgifter inom klamrar ({ $name }) stå kvar.
### Skrivsätt: https://projectfluent.org. De andra språken har samma nycklar; ett test jämför dem.

## Avslag: rubriken, och vad som hände den här gången

problem-unreadable = Oläslig begäran
    .detail = Begäran kunde inte läsas.
problem-not-logged-in = Inte inloggad
    .detail = Det behövs en giltig token, eller så stämmer inte användarnamn och lösenord.
problem-signed-off = Utloggad
    .detail =
        { $case ->
            [by] { $by } avslutade den här sessionen.
            [by-with-words] { $by } avslutade den här sessionen: { $message }
           *[other] Sessionen avslutades av någon annan.
        }
problem-session-expired = Sessionen har gått ut
    .detail = Sessionen är slut; logga in igen.
problem-not-permitted = Inte tillåtet
    .detail =
        { $right ->
            [plan] Din grupp får inte gå in i den här planen.
            [mode] Sessionens läge tillåter inte det.
            [none] Du får inte göra detta.
           *[other] Detta kräver rättigheten ”{ $right }”.
        }
problem-not-found = Finns inte
    .detail = Det finns inget på den här adressen.
problem-method = Metoden tillåts inte
    .detail = Adressen tar inte emot metoden; se huvudet Allow.
problem-too-large = För stort
    .detail = Innehållet är större än vad adressen tar emot.
problem-media-type = Innehållstypen stöds inte
    .detail = Innehållet måste komma som application/json.
problem-exists = Finns redan
    .detail = Det finns redan en med det namnet.
problem-in-use = Används
    .detail = Annat hänvisar till den.
problem-not-alone = Inte ensam i planen
    .detail = Andra är inne i planen; detta går bara att göra ensam.
problem-lock-refused = Låset nekades
    .detail = Ett annat lås står i vägen.
problem-lock-missing = Lås saknas
    .detail =
        { $action ->
            [none] Detta kräver ett lås.
           *[other] Detta kräver ett lås för ”{ $action }”.
        }
problem-lock-ended = Låset har upphört
    .detail =
        { $action ->
            [none] Låset har upphört.
           *[other] Låset för ”{ $action }” har upphört.
        }
problem-epoch-changed = Återställt från säkerhetskopia
    .detail = Uppgifterna har återställts sedan dess; läs om från den senaste gemensamma positionen.
problem-stale = Ändrad under tiden
    .detail = Någon annan hann före; din ändring sparades inte.
problem-invalid = Ogiltig
    .detail = Begäran bryter mot en regel.
problem-import-faults = Fel i filerna
    .detail = Filerna innehåller fel; inget importerades.
problem-key-reused = Idempotency-Key använd för en annan begäran
    .detail = Använd en ny Idempotency-Key för en ny begäran.
problem-blocked = Spärrad
    .detail =
        { $rule ->
            [optimisation] En period som berörs håller på att optimeras.
            [cover] Någon planerar vikarier för en period som berörs.
           *[other] Planen hålls av ett exklusivt lås.
        }
problem-revision-missing = Version saknas
    .detail = Skicka If-Match med den ETag som ändringen bygger på.
problem-too-many = För många förfrågningar
    .detail = Ta det lugnare; Retry-After säger när det går att komma tillbaka.
problem-internal = Internt fel
    .detail = Något gick fel här; det finns i loggen under förfrågans nummer.
problem-outage = Avbrott i tjänsten
    .detail = Tjänsten är inte tillgänglig just nu.
problem-gate-closed = Inloggningen är stängd
    .detail = Just nu kan ingen logga in.
problem-projection-behind = Går inte att läsa än
    .detail = Positionen går inte att läsa än; försök igen.
problem-busy = Upptagen
    .detail = Det är för mycket på gång; försök igen.

and-more = { $text } (och { $more } till)

## Vad som är fel med det som skickades

notice-title = Här ska det stå en rubrik på en rad.
notice-hidden-before-shown = Detta måste vara efter { $date }, den första dagen som meddelandet visas.
notices-too-many = Det finns redan { $max } meddelanden; dra först tillbaka några av dem.
text-missing = Här behövs en text.
text-too-long = En text har högst { $max } tecken här.
text-control-characters = En text har inga styrtecken.
message-users = Ange 1 till { $max } användare.
no-such-user = Det finns ingen användare ”{ $name }”.
user-disabled = Användaren ”{ $name }” kan inte längre logga in.
no-such-plan = Det finns ingen plan ”{ $plan }”.
export-numbers = Dessa filer har ingen plats för följande poster, eftersom de kallar lektioner, frånvaro och vikariat vid nummer:
export-no-file = Det finns ingen fil { $name } att exportera; det finns { $names }.
date-says-it = Det framgår av datumet: ange { $name } eller date, inte båda.
unread-of-sent = Skickade meddelanden läses av andra; fråga efter olästa bland de mottagna.
message-addressees = Ange antingen användare eller en plan.
message-stays-read = Ett läst meddelande förblir läst; skicka true.

## Meddelanden från tjänsten. code: avslagets kod; record: det som skulle ändras; by: vem som hann före eller loggar ut

message-refused =
    { $code ->
        [stale] { $by ->
            [none] Din ändring av { $record } sparades inte: någon annan hann före.
           *[other] Din ändring av { $record } sparades inte: { $by } hann före.
        }
        [blocked] { $rule ->
            [optimisation] Din ändring sparades inte: en period som berörs håller på att optimeras.
            [cover] Din ändring sparades inte: någon planerar vikarier för en period som berörs.
           *[other] Din ändring sparades inte: planen hålls av ett exklusivt lås.
        }
        [not-alone] Du fick inte låset för ”{ $action }”: andra är inne i planen.
        [lock-refused] Du fick inte låset för ”{ $action }”: ett annat lås står i vägen.
        [lock-blocked] Du fick inte låset för ”{ $action }”: någon planerar vikarier.
        [lock-missing] Din ändring sparades inte: den kräver ett lås för ”{ $action }”.
        [lock-ended] Din ändring sparades inte: låset för ”{ $action }” har upphört.
       *[other] Din ändring sparades inte.
    }
message-sign-off =
    { $seconds ->
        [0] { $by } har loggat ut dig: { $message }
        [one] { $by } loggar ut dig om en sekund: { $message }
       *[other] { $by } loggar ut dig om { $seconds } sekunder: { $message }
    }

## Meningar som programmet säger på engelska (en.ftl), på det här språket

say-unreadable = Begäran kunde inte läsas.
say-key = Här ska det stå 1 till 200 synliga ASCII-tecken.
say-one-lock = Här ska ett lås anges.
say-twice = Det står där två gånger.
say-ascii = Här går bara ASCII-tecken.
say-body-cut = Innehållet tog slut innan det var fullständigt.
say-cursor = Listan har inte gett ut någon sådan markör.
say-whole-must = Här ska ett heltal från { $min } till { $max } stå.
say-encoding-utf8 = Procentkodningen är trasig: inte UTF-8.
say-encoding = Procentkodningen är trasig.
say-etags = Det är ingen lista med ETag-värden.
say-deep = Nästlat djupare än { $max } nivåer.
say-member-twice = Uppgiften står där två gånger.
say-flag-must = Här ska true eller false stå.
say-number-small = Här ska ett litet heltal stå.
say-number-whole = Här ska ett heltal stå.
say-number-positive = Här ska ett heltal stå, inte negativt.
say-number = Här ska ett tal stå.
say-seconds-max = Högst { $max } sekunder.
say-position = Här ska en position som 1.4711, eller now, stå.
say-moment = Här ska en position som 1.4711 eller en tid som 2026-11-22T08:00:00Z stå.
say-position-ahead = Den positionen finns inte ännu.
say-past-still = Det förflutna ändras inte; där finns inget att följa.
say-record-named = En post anges som teachers/GAUSS, lessons/7/placements/2 eller time-grid.
say-request-id = ett id för en begäran har 1 till 128 bokstäver, siffror och -_.:/+=@
say-period-of-hours = Bara en lektions timmar frågas efter per period.
say-end-before-start = Slutet ligger före början.
say-files-max = En import har högst { $max } filer.
say-files-none = Skicka minst en fil med GPUnnn i namnet.
say-form-cut = Formuläret tog slut innan det var fullständigt, eller så är dess gränser fel.
say-short-text = Här ska en kort text stå.
say-mode = Här ska merge eller replace stå.
say-lessons = Här ska file eller from-timetable stå.
say-flag = Här ska true eller false stå.
say-no-part = Den delen finns inte; en fil har ett filnamn.
say-object = Här ska ett objekt stå.
say-time-zone = Tidszonen finns inte; en heter till exempel Europe/Stockholm.
say-plan-one-source = En plan utgår från en annan plan: copy_of eller new_year_of.
say-kind-no-period = Här finns inga värden för en enda period ({ kind }).
say-no-period = Planen har ingen period ”{ $name }”.
say-lost-session = Den tappade sessionen var i en annan plan; logga in på nytt.
say-credentials = Skicka användare och lösenord, eller en token i Authorization.
say-whose-password = Vems lösenord är det?
say-timetable-one-of = Fråga efter en av class, teacher och room.
say-room-or-null = Här ska namnet på ett rum stå, eller null.
say-patterns-max = En grupp har högst 1000 mönster.
say-pattern = Ett mönster skrivs som 100234~*~* eller 100234~2026-2027~1.
say-name-kept = Namnet är reserverat för program och tjänsten själv.
say-text-200 = Här ska en text på högst 200 tecken utan styrtecken stå.
say-language = Ett språk skrivs som en eller sv-FI.
say-no-group = Det finns ingen grupp ”{ $name }”.
say-outage-message = Skriv vad folk ska läsa.
say-message-max = Ett meddelande har högst { $max } tecken.
say-message-control = Ett meddelande har inga styrtecken utom radslut.
say-administrators = Gruppen administrators kan inte ändras.
say-activity = En aktivitet har högst 200 tecken och inga styrtecken.
say-no-plan-no-mode = En session utan plan har varken läge eller period.
say-last-administrator = Detta är den sista administratören som kan logga in.
say-plan-too-large = Planen är för stor att kopiera ({ $count } händelser; högst { $max }).
say-own-school = En plan utgår från en plan i samma skola.
say-copy-periods = en kopia behåller sin förlagas perioder
say-copy-year = En kopia har källans läsår; ett annat läsår börjar med new_year_of.
say-year-after = Det kommer inte efter { $year }, som det utgår från.
say-no-plan = Det finns ingen plan { $plan }.
say-year = Ett läsår skrivs som 2026-2027.
say-plan-parts = En plan skrivs skola~läsår~version, till exempel 100234~2026-2027~1.
say-school = Ett skolnummer har 1 till 50 tecken utan ~, /, styrtecken eller blanksteg i ändarna.
say-version = En version är ett tal från 1 till 255.
say-title-200 = En titel har 1 till 200 tecken och inga styrtecken.
say-moment-over = Den tidpunkten har passerat.
say-last-period = En plan har minst en period.
say-name-periods = Ange vilka perioder som ska optimeras.
say-whole-plan = Bara optimering tar perioder; åtgärden gäller hela planen.
say-optimise-periods = En period för optimise, flera för optimise-many.
say-period-twice = Perioden nämns två gånger.
say-why-leave = Säg varför de måste lämna.
say-text-max-control = Högst { $max } tecken, inga styrtecken.
say-sessions-name = Ange 1 till { $max } sessioner, eller ”others”.
say-session-own = Detta är den egna sessionen; den loggar ut själv.
say-session-twice = Sessionen nämns två gånger.
say-session-ended = Sessionen är avslutad.
say-session-none = Planen har ingen sådan session.
say-record-first = Posten måste finnas innan den kan ha värden för en period.
say-record-no-period = En sådan post har inga värden för en enda period.
say-no-room = Planen har inget rum ”{ $name }”.
say-name-all-periods = Ett namn gäller i alla perioder.
say-no-record = Planen har inte ”{ $name }” ({ kind }).
say-lesson-hours = Lektionen har { $hours } veckotimmar; n räknar dem från 1.
say-placement-needs = En placering har en dag och en timme.
say-grid-day = Tidsrastret har ingen dag { $day }.
say-grid-hour = Tidsrastret har ingen timme { $hour }.
say-first-last-day = Här behövs en första och en sista dag ({ kind }).
say-ends-before = Det slutar innan det börjar.
say-outside-year = Det ligger utanför läsåret { $year } ({ $first } till { $last }).
say-outside-year-bare = Det ligger utanför läsåret ({ $first } till { $last }).
say-date-outside-year = Datumet ligger utanför läsåret ({ $first } till { $last }).
say-who-absent = Säg vem som är borta: teacher, class eller room.
say-name-of-kind = Här ska ett namn stå ({ kind }).
say-name-absent = Här ska namnet på den som är borta stå.
say-hours-order = På en och samma dag kommer sista timmen inte före den första.
say-substitution-needs = Ett vikariat har ett datum, en timme och ett slag.
say-which-lesson = Säg vilken lektion som flyttas.
say-move-elsewhere = En flytt går till en annan dag eller timme än den kommer från.
say-own-parent = En period ligger inte under sig själv.
say-outside-parent = Det ligger utanför den överordnade perioden { $name } ({ $first } till { $last }).
say-grid-days = Ett tidsraster har dagar.
say-grid-hours = Ett tidsraster har timmar.
say-outside-grid = { $count } poster skulle hamna utanför: { $names }
say-files-unknown = Ingen fil är GPU001 till GPU007, GPU010, GPU012 till GPU014 eller GPU018; numret står i namnet.
say-same-table = { $file } har redan angetts som samma tabell.
say-no-rows = { $file } har inga rader.
say-rows-max = Filen har mer än { $max } rader.
say-list-names-max = Listan har mer än { $max } namn.
say-letters = ”{ $text }” är ingen av bokstäverna { $letters }.
say-name-missing = Namnet saknas.
say-text-control = Texten har styrtecken.
say-text-more = Texten har mer än { $max } tecken.
say-not-number = ”{ $text }” är inget tal från 0 till { $max }.
say-not-whole = ”{ $text }” är inget heltal från { $min } till { $max }.
say-lesson-number-missing = Lektionsnumret saknas.
say-day-missing = Dagen saknas.
say-hour-missing = Timmen saknas.
say-not-date = ”{ $text }” är inget datum skrivet ÅÅÅÅMMDD.
say-row-long = Raden är längre än 64 KiB.
say-quote-open = Citattecknet stängs aldrig.
say-quote-long = Citattecknet stängs inte inom 64 KiB.
say-quote-text = Texten fortsätter efter citattecknet; ett citattecken inuti skrivs två gånger.
say-utf16 = Filen är UTF-16; UTF-8 och Windows-1252 kan läsas.
say-nul = En NUL-byte: detta är ingen textfil.
say-no-department = Varken filerna eller planen har en avdelning ”{ $name }”.
say-lesson-unknown = Lektion { $number } finns varken i filerna eller i planen.
say-absence-unknown = { $file } rad { $line }: frånvaro { $number } är okänd och utelämnas.
say-kind-needs = Här behövs ett värde för { $field } ({ kind }).
say-beyond-year = { $file } rad { $line }: sträcker sig utanför läsåret ({ $first } till { $last }).
say-hours-order-file = På en och samma dag kommer sista timmen ({ $last }) inte före den första ({ $first }).
say-would-be-removed = ”{ $name }” ({ kind }) skulle tas bort: { $file } tar inte upp den.
say-not-among = ”{ $name }” finns varken i filerna eller i planen ({ kind }).
say-events-max = Filerna leder till { $count } ändringar; högst { $max } går.
say-warnings-more = { $count } varningar till
say-hours-above = { $file } rad { $line }: lektion { $number } har { $hours } veckotimmar och fler placerade timmar.
say-file-unused = { $file } används inte: lektionerna görs av schemat.
say-couplings-max = En lektion har högst { $max } kopplingar.
say-would-end = Det skulle sluta ({ $to }) innan det börjar ({ $from }).
say-says-else = ”{ $name }” står redan på rad { $line } och säger något annat.
say-others-meet = { $file }: under { $count } timmar möts andra än kopplingarna säger.
say-placed-more = { $file } rad { $line }: lektion { $number } har { $hours } veckotimmar och { $placed } placerade timmar.
say-placement-rows-max = En placering har högst { $max } rader.
say-removed-referred = { $record } tas inte upp och skulle tas bort, men { $user } hänvisar till den.
say-grid-widened-day = { $file }: tidsrastret utökas med dag { $day }.
say-grid-widened-hours = { $file }: tidsrastret utökas till { $hours } timmar.
say-no-field = Det finns inget fält med det namnet här ({ kind }).
say-record-name = En post har ett namn.
say-one-of-words = Här ska ett av orden { $words } stå.
say-whole = Här ska ett heltal från { $min } till { $max } stå.
say-text-100 = Här ska en text på högst 100 tecken utan styrtecken stå.
say-name-text = Här ska ett namn stå, som text.
say-each-once = Varje namn en gång.
say-text-max = En text har högst { $max } tecken här.
say-text-no-control = En text har inga styrtecken.
say-text = Här ska en text stå.
say-decimal = Här ska ett tal från 0 till { $max } med högst fem decimaler stå.
say-date = Här ska ett datum skrivet ÅÅÅÅ-MM-DD stå.
say-list = Här ska en lista stå.
say-list-max = En lista har högst { $max } poster här.
say-days-order = Här ska minst en dag stå, varje en gång och i ordning.
say-hours-gaps = Timmar numreras från 1 utan luckor.
say-clock = Klockslag skrivs HH:MM.
say-hour-ends = En timme slutar efter att den börjat.
say-hour-after-hour = En timme börjar när den förra har slutat.
say-name-empty = Ett namn har minst ett tecken.
say-name-50 = Ett namn har högst 50 tecken.
say-name-control = Ett namn har inga styrtecken.
say-name-blanks = Ett namn har inga blanksteg i ändarna.
say-name-nfc = Ett namn skrivs i Unicode-normalform C.
say-password-min = Ett lösenord har minst { $min } tecken.
say-password-max = Ett lösenord har högst { $max } byte.
say-day = Här ska en dag från 1 till 7 stå.
say-hours-100 = Här ska 1 till 100 timmar stå.
say-no-word = ”{ $name }” finns inte här; möjliga är { $names }.
say-no-kind = Det finns inga sådana poster.
say-not-position = Det är ingen position; en sådan skrivs som 1.4711.
say-number-missing = Numret saknas.
say-lesson-not-of-files = Lektion { $number } finns varken i GPU002 eller i planen.
say-lesson-would-go = Lektion { $number } skulle tas bort, eftersom den saknas i GPU002.
say-lesson-differs = { $file } rad { $line }: { $field } för lektion { $number } skiljer sig från lektionens första rad, som gäller.
say-batch-made = En tidigare ändring i samma sändning har skapat posten: skriv * för den version den har.
say-batch-max = En sändning har högst { $max } ändringar.
say-batch-delete-body = En DELETE har inget innehåll.
say-batch-verb = Adressen tar inte emot metoden; möjliga är POST, PUT, PATCH och DELETE.
say-batch-etag = Här ska en ETag stå så som den svarades, eller *.
say-batch-own-plan = En sändning ändrar den plan som den skickas till.
say-batch-address = På den adressen i en plan finns inget att skriva.
say-batch-parameters = En ändring kan ha parametrarna period och merge=disjoint, inga andra.
say-no-lesson = Planen har ingen lektion ”{ $name }”.
say-undo-singleton = En plan har alltid sitt tidsrutnät och sina skoldata.
say-undo-refers = Den hänvisar till en post som inte längre finns.
say-undo-no-change = Ingen post i den här planen ändrades vid den här positionen.
say-undo-import-whole = En import återtas som helhet: skicka dess id som import.
say-undo-no-import = Planen har ingen import med detta id.
say-undo-either = Här hör antingen positions eller import hemma.
say-undo-positions-max = Här hör 1 till { $max } positioner hemma.
say-undo-once = Varje position bara en gång.
say-optimisation-period = Optimeringen gäller inte den perioden.
say-hour-twice = Lektionens timme är placerad två gånger.
say-result-max = Ett resultat har högst { $max } placeringar.
say-result-field = En placering i ett resultat har inget fält med det namnet.
say-name-here = Här ska ett namn stå.
say-hour-number = Här ska timmens nummer stå, från 1.
say-licence-field = En licens har inget fält med det namnet.
say-moved-where = Säg vart timmen flyttas.
say-only-move = Bara en flytt går till en annan plats.
say-period-below = Period { $name } ({ $first } till { $last }) ligger under den och skulle hamna utanför.
say-period-overlaps = Period { $name } ({ $first } till { $last }) överlappar den: korta den ena, eller lägg den ena helt inom den andra (parent).
say-leavers = Här ska en lista med sessioner stå, eller ordet ”others”.
say-head-long = Förfrågans huvud är för långt.
say-no-http = Det är ingen HTTP-förfrågan.

## Meningar från biblioteken som läser JSON, tidpunkter och identiteter

say-field-missing = Uppgiften ”{ $name }” saknas.
say-field-unknown-none = Uppgiften ”{ $name }” finns inte här.
say-field-unknown-of = Uppgiften ”{ $name }” finns inte här; möjliga är { $names }.
say-field-unknown = Uppgiften ”{ $name }” finns inte här; möjlig är { $names }.
say-variant-of = ”{ $name }” finns inte här; möjliga är { $names }.
say-variant = ”{ $name }” finns inte här; möjlig är { $names }.
say-type = Det är av fel slag ({ $found }; väntat: { $wanted }).
say-value = Värdet passar inte ({ $found }; väntat: { $wanted }).
say-length = Längden passar inte ({ $found }; väntat: { $wanted }).
say-json = Det är ingen JSON (rad { $line }, kolumn { $column }: { $what }).
say-expected-value = Här ska ett av de möjliga orden stå.
say-field-twice = Uppgiften ”{ $name }” står där två gånger.
say-field-unknown-two = Uppgiften ”{ $name }” finns inte här; möjliga är ”{ $first }” och ”{ $second }”.
say-variant-two = ”{ $name }” finns inte här; möjliga är ”{ $first }” och ”{ $second }”.
say-variant-untagged = Det passar ingen av de möjliga formerna.
say-time-characters = Här ska en tidpunkt som 2026-11-22T13:30:00Z stå; den har fel tecken.
say-time-short = Här ska en tidpunkt som 2026-11-22T13:30:00Z stå; den är ofullständig.
say-time-range = Den tidpunkten finns inte.
say-time-long = Här ska en tidpunkt som 2026-11-22T13:30:00Z stå; det står något efter den.
say-time-none = Den tidpunkten finns inte.
say-uuid = Det är ingen identitet som tjänsten har gett ut.

## Det som står i dessa meningar för $found, $wanted och $what

part-boolean = sanningsvärdet { $value }
part-integer = heltalet { $value }
part-decimal = talet { $value }
part-text = texten { $value }
part-null = inget (null)
part-list = en lista
part-object = ett objekt
part-a-text = en text
part-a-boolean = true eller false
part-a-list = en lista
part-an-object = ett objekt
part-struct = ett objekt
part-struct-of = ett objekt
part-enum = ett av de möjliga orden
part-text-or-object = en text eller ett objekt
part-variant = ett av de möjliga orden
part-date = ett datum
part-moment = en tidpunkt som 2026-11-22T13:30:00Z
part-uuid = en identitet
part-u8 = ett heltal från 0 till 255
part-u16 = ett heltal från 0 till 65535
part-u32 = ett heltal, inte negativt
part-u64 = ett heltal, inte negativt
part-i64 = ett heltal
part-f64 = ett tal
part-any = ett JSON-värde
part-a-value = ett JSON-värde
part-a-name = ett namn
part-eof = texten slutar för tidigt
part-expected-value = här saknas ett värde
part-expected-or = här saknas { $first } eller { $second }
part-expected = här saknas { $mark }
part-expected-word = här står ett okänt ord
part-escape = efter \ står fel tecken
part-number = talet är felskrivet
part-number-range = talet är för stort
part-code-point = inget Unicode-tecken
part-control = ett styrtecken i texten
part-key = namn står inom citattecken
part-surrogate = hälften av ett tecken saknas
part-hex = hälften av ett tecken saknas
part-comma = ett komma för mycket
part-trailing = det står något efter
part-recursion = för djupt nästlat

kind =
    { $kind ->
        [classes] klasser
        [teachers] lärare
        [rooms] rum
        [subjects] ämnen
        [departments] avdelningar
        [students] elever
        [lessons] lektioner
        [placements] placeringar
        [periods] perioder
        [holidays] lov
        [absences] frånvaro
        [substitutions] vikariat
        [absence-reasons] frånvaroorsaker
        [time-grid] tidsraster
        [school-data] skoluppgifter
        [class] klass
        [teacher] lärare
        [room] rum
        [subject] ämne
        [department] avdelning
        [student] elev
        [lesson] lektion
        [placement] placering
        [period] period
        [holiday] lov
        [absence] frånvaro
        [substitution] vikariat
        [absence-reason] frånvaroorsak
        [record] post
       *[other] { $kind }
    }
