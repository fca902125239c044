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
