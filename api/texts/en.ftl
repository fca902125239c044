### What Daybook tells people, in English. Edit the words, keep the keys and the arguments in braces ({ $name }).
### Syntax: https://projectfluent.org. The other languages have the same keys; a test compares them.

## Refusals: the title, and what happened this time

problem-unreadable = Unreadable request
    .detail = The request could not be read.
problem-not-logged-in = Not logged in
    .detail = A valid token is needed, or user name and password are wrong.
problem-signed-off = Signed off
    .detail =
        { $case ->
            [by] { $by } ended this session.
            [by-with-words] { $by } ended this session: { $message }
           *[other] This session was ended by another user.
        }
problem-session-expired = Session expired
    .detail = This session is over; log in again.
problem-not-permitted = Not permitted
    .detail =
        { $right ->
            [plan] Your group may not enter this plan.
            [mode] The mode of this session does not allow it.
            [none] You may not do this.
           *[other] This needs the right "{ $right }".
        }
problem-not-found = Not found
    .detail = There is nothing at this address.
problem-method = Method not allowed
    .detail = This address does not take the method; see the Allow header.
problem-too-large = Too large
    .detail = The body is larger than this address takes.
problem-media-type = Media type not supported
    .detail = The body must come as application/json.
problem-exists = Exists already
    .detail = There is one of this name already.
problem-in-use = In use
    .detail = Others refer to it.
problem-not-alone = Not alone in the plan
    .detail = Others are in the plan; this can only be done alone.
problem-lock-refused = Lock refused
    .detail = Another lock stands in the way.
problem-lock-missing = Lock missing
    .detail =
        { $action ->
            [none] This needs a lock.
           *[other] This needs a lock for "{ $action }".
        }
problem-lock-ended = Lock ended
    .detail =
        { $action ->
            [none] The lock has ended.
           *[other] The lock for "{ $action }" has ended.
        }
problem-epoch-changed = History was restored
    .detail = The ledger was restored since; read again from the last common position.
problem-stale = Changed meanwhile
    .detail = Somebody changed it first; your change was not saved.
problem-invalid = Invalid
    .detail = The request breaks a rule.
problem-import-faults = Faults in the files
    .detail = The files have faults; nothing was imported.
problem-key-reused = Idempotency-Key used for another request
    .detail = Use a new Idempotency-Key for a new request.
problem-blocked = Blocked
    .detail =
        { $rule ->
            [optimisation] A period that this touches is being optimised.
            [cover] Somebody is planning cover for a period that this touches.
           *[other] An exclusive lock is held on this plan.
        }
problem-revision-missing = Revision missing
    .detail = Send If-Match with the ETag that the change is based on.
problem-too-many = Too many requests
    .detail = Slow down; Retry-After says when to come back.
problem-internal = Internal error
    .detail = Something went wrong here; it has been logged under the request id.
problem-outage = Service outage
    .detail = The service is not available at present.
problem-gate-closed = Log-ins are closed
    .detail = Nobody can log in at present.
problem-projection-behind = Not yet readable
    .detail = The position asked for cannot be read yet; try again.
problem-busy = Busy
    .detail = Too much is going on; try again.

and-more = { $text } (and { $more } more)

## What is wrong with what was sent

notice-title = A title, in one line, belongs here.
notice-hidden-before-shown = This must be later than { $date }, the first day on which the notice shows.
notices-too-many = There are { $max } notices already; withdraw some of them first.
text-missing = This needs some text.
text-too-long = A text has at most { $max } characters here.
text-control-characters = A text has no control characters.
message-users = Name 1 to { $max } users.
no-such-user = There is no user "{ $name }".
user-disabled = The user "{ $name }" can no longer log in.
no-such-plan = There is no plan "{ $plan }".
export-numbers = These files have no room for the following records, because they call lessons, absences and substitutions by numbers:
export-no-file = There is no file { $name } to export; there are { $names }.
date-says-it = The date says it: ask for { $name } or date, not both.
unread-of-sent = Sent messages are read by others; ask for unread ones among those you got.
message-addressees = Name either users or a plan.
message-stays-read = A message that was read stays so; send true.

## Messages from the service. code: of the refusal; record: what was to be changed; by: who was faster or who signs off

message-refused =
    { $code ->
        [stale] { $by ->
            [none] Your change of { $record } was not saved: somebody else changed it first.
           *[other] Your change of { $record } was not saved: { $by } changed it first.
        }
        [blocked] { $rule ->
            [optimisation] Your change was not saved: a period that it touches is being optimised.
            [cover] Your change was not saved: somebody is planning cover for a period that it touches.
           *[other] Your change was not saved: an exclusive lock is held on the plan.
        }
        [not-alone] You did not get the lock for "{ $action }": others are in the plan.
        [lock-refused] You did not get the lock for "{ $action }": another lock stands in the way.
        [lock-blocked] You did not get the lock for "{ $action }": somebody is planning cover.
        [lock-missing] Your change was not saved: it needs a lock for "{ $action }".
        [lock-ended] Your change was not saved: the lock for "{ $action }" has ended.
       *[other] Your change was not saved.
    }
message-sign-off =
    { $seconds ->
        [0] { $by } has signed you off: { $message }
        [one] { $by } will sign you off in one second: { $message }
       *[other] { $by } will sign you off in { $seconds } seconds: { $message }
    }

## Sentences that the program says in English by itself. They are found by their words: change the English ones only together with the
## program. What stands in braces is taken out of the sentence.

say-unreadable = the request could not be read
say-key = must have 1 to 200 visible ASCII characters
say-one-lock = must name one lock
say-twice = is there twice
say-ascii = must be ASCII
say-body-cut = the body ended before it was complete
say-cursor = is not a cursor that this list has given out
say-whole-must = must be a whole number from { $min } to { $max }
say-encoding-utf8 = broken percent-encoding: not UTF-8
say-encoding = broken percent-encoding
say-etags = is not a list of entity tags
say-deep = nested deeper than { $max } levels{ $rest }
say-member-twice = this member is there twice{ $rest }
say-flag-must = must be true or false
say-number-small = must be a small whole number
say-number-whole = must be a whole number
say-number-positive = must be a whole number, not negative
say-number = must be a number
say-seconds-max = at most { $max } seconds
say-position = a position such as 1.4711, or now, belongs here
say-moment = must be a position such as 1.4711 or a time such as 2026-11-22T08:00:00Z
say-position-ahead = nothing has this position yet
say-past-still = the past does not change: there is nothing to follow
say-record-named = a record is named like teachers/GAUSS, lessons/7/placements/2 or time-grid
say-request-id = a request id has 1 to 128 letters, digits and -_.:/+=@
say-period-of-hours = only the hours of a lesson are asked for by period
say-end-before-start = the end is before the start
say-files-max = an import has at most { $max } files
say-files-none = send at least one file with GPUnnn in its name
say-form-cut = the form ended before it was complete, or its boundaries are wrong
say-short-text = a short text belongs here
say-mode = merge or replace belongs here
say-lessons = file or from-timetable belongs here
say-flag = true or false belongs here
say-no-part = there is no such part; a file has a filename
say-object = an object belongs here
say-time-zone = there is no such time zone; one is called Europe/Berlin, for example
say-plan-one-source = a plan starts from one other plan: copy_of or new_year_of
say-kind-no-period = { $kind } have no values for one period
say-no-period = the plan has no period "{ $name }"
say-lost-session = the lost session was in another plan; log in anew
say-credentials = send user and password, or a token in Authorization
say-whose-password = whose password is it?
say-timetable-one-of = ask for one of class, teacher and room
say-room-or-null = the name of a room, or null, belongs here
say-patterns-max = a group has at most 1000 patterns
say-pattern = a pattern is written like 100234~*~* or 100234~2026-2027~1
say-name-kept = this name is kept for programs and the service itself
say-text-200 = a text of at most 200 characters without control characters belongs here
say-language = a language is written like en or de-AT
say-no-group = there is no group "{ $name }"
say-outage-message = say what people shall read
say-message-max = a message has at most { $max } characters
say-message-control = a message has no control characters but line ends
say-administrators = the group administrators cannot be changed
say-activity = an activity has at most 200 characters and no control characters
say-no-plan-no-mode = a session that is in no plan has neither mode nor period
say-last-administrator = this is the last administrator who can log in
say-plan-too-large = the plan takes { $count } events to copy; one write holds at most { $max }
say-own-school = a plan starts from one of its own school
say-copy-periods = a copy keeps the periods of its source
say-copy-year = a copy has the school year of its source; another year begins with new_year_of
say-year-after = it does not come after { $year }, where it starts from
say-no-plan = there is no plan { $plan }
say-year = a school year is written like 2026-2027
say-plan-parts = a plan is written school~year~version, for example 100234~2026-2027~1
say-school = a school number has 1 to 50 characters without ~, /, control characters or blanks at its ends
say-version = a version is a number from 1 to 255
say-title-200 = a title has 1 to 200 characters and no control characters
say-moment-over = this moment is over
say-last-period = a plan has at least one period
say-name-periods = name the periods that are to be optimised
say-whole-plan = only optimising takes periods; this action is for the whole plan
say-optimise-periods = one period for optimise, several for optimise-many
say-period-twice = this period is named twice
say-why-leave = say why they have to leave
say-text-max-control = at most { $max } characters, none of them a control character
say-sessions-name = name 1 to { $max } sessions, or say "others"
say-session-own = this is the session that asks; it logs out
say-session-twice = this session is named twice
say-session-ended = this session has ended
say-session-none = the plan has no such session
say-record-first = the record has to be there before it can have values for one period
say-record-no-period = such a record has no values for one period
say-no-room = the plan has no room "{ $name }"
say-name-all-periods = a name holds in all periods
say-no-record = the plan has no { $kind } "{ $name }"
say-lesson-hours = the lesson has { $hours } hours a week; n counts them from 1
say-placement-needs = a placement has a day and an hour
say-grid-day = the time grid has no day { $day }
say-grid-hour = the time grid has no hour { $hour }
say-first-last-day = { $kind } have a first and a last day
say-ends-before = it ends before it begins
say-outside-year = it lies outside the school year { $year } ({ $first } to { $last })
say-outside-year-bare = it lies outside the school year ({ $first } to { $last })
say-date-outside-year = the date lies outside the school year ({ $first } to { $last })
say-who-absent = say who is absent: teacher, class or room
say-name-of-kind = the name of one of the { $kind } belongs here
say-name-absent = the name of who is absent belongs here
say-hours-order = on one day the last hour is not before the first
say-substitution-needs = a substitution has a date, an hour and a kind
say-which-lesson = say which lesson is moved
say-move-elsewhere = a move goes to another day or hour than it comes from
say-own-parent = a period is not below itself
say-outside-parent = it lies outside its parent { $name } ({ $first } to { $last })
say-grid-days = a time grid has days
say-grid-hours = a time grid has hours
say-outside-grid = { $count } records would stand outside of it: { $names }
say-files-unknown = no file is one of GPU001 to GPU007, GPU010, GPU012 to GPU014 and GPU018; the number stands in the name
say-same-table = { $file } was given as the same table already
say-no-rows = { $file } holds no rows
say-rows-max = the file has more than { $max } rows
say-list-names-max = the list has more than { $max } names
say-letters = "{ $text }" is none of the letters { $letters }
say-name-missing = the name is missing
say-text-control = the text has control characters
say-text-more = the text has more than { $max } characters
say-not-number = "{ $text }" is not a number from 0 to { $max }
say-not-whole = "{ $text }" is not a whole number from { $min } to { $max }
say-lesson-number-missing = the lesson number is missing
say-day-missing = the day is missing
say-hour-missing = the hour is missing
say-not-date = "{ $text }" is not a date written YYYYMMDD
say-row-long = the row is longer than 64 KiB
say-quote-open = the quote is never closed
say-quote-long = the quote is not closed within 64 KiB
say-quote-text = text goes on after the closing quote; a quote inside is written twice
say-utf16 = the file is UTF-16; UTF-8 and Windows-1252 can be read
say-nul = a NUL byte: this is not a text file
say-no-department = neither the files nor the plan have a department "{ $name }"
say-lesson-unknown = lesson { $number } is neither in the files nor in the plan
say-absence-unknown = { $file } line { $line }: absence { $number } is not known and is left out
say-kind-needs = { $kind } need a value for { $field }
say-beyond-year = { $file } line { $line }: it reaches beyond the school year ({ $first } to { $last })
say-hours-order-file = on one day the last hour ({ $last }) is not before the first ({ $first })
say-would-be-removed = "{ $name }" of the { $kind } would be removed: { $file } does not list it
say-not-among = "{ $name }" is not among the { $kind } of the files and the plan
say-events-max = the files lead to { $count } events; { $max } are the most
say-warnings-more = { $count } more warnings
say-hours-above = { $file } line { $line }: lesson { $number } has { $hours } hours per week and more placed hours
say-file-unused = { $file } is not used: the lessons are made from the timetable
say-couplings-max = a lesson has at most { $max } couplings
say-would-end = it would end ({ $to }) before it begins ({ $from })
say-says-else = "{ $name }" stands in line { $line } already and says something else
say-others-meet = { $file }: in { $count } hours others meet than their lessons' couplings say
say-placed-more = { $file } line { $line }: lesson { $number } has { $hours } hours per week and { $placed } placed hours
say-placement-rows-max = a placement has at most { $max } rows
say-removed-referred = { $record } is not listed and would be removed, but { $user } refers to it
say-grid-widened-day = { $file }: the time grid is widened by day { $day }
say-grid-widened-hours = { $file }: the time grid is widened to { $hours } hours
say-no-field = { $kind } have no field of this name
say-record-name = a record has a name
say-one-of-words = one of the words { $words } belongs here
say-whole = a whole number from { $min } to { $max } belongs here
say-text-100 = a text of at most 100 characters without control characters belongs here
say-name-text = a name, as a text, belongs here
say-each-once = each name once
say-text-max = a text has at most { $max } characters here
say-text-no-control = a text has no control characters
say-text = a text belongs here
say-decimal = a number from 0 to { $max } with at most five decimals belongs here
say-date = a date, written YYYY-MM-DD, belongs here
say-list = a list belongs here
say-list-max = a list has at most { $max } items here
say-days-order = at least one day, each once and in order, belongs here
say-hours-gaps = hours are numbered from 1 without gaps
say-clock = clock times are written HH:MM
say-hour-ends = an hour ends after it begins
say-hour-after-hour = an hour begins when the one before it has ended
say-name-empty = a name has at least one character
say-name-50 = a name has at most 50 characters
say-name-control = a name has no control characters
say-name-blanks = a name has no blanks at its ends
say-name-nfc = a name is written in Unicode normalisation form C
say-password-min = a password has at least { $min } characters
say-password-max = a password has at most { $max } bytes
say-day = a day from 1 to 7 belongs here
say-hours-100 = 1 to 100 hours belong here
say-no-word = there is no { $what } "{ $name }"; there are { $names }
say-no-kind = there is no such kind of record
say-not-position = not a position: expected <epoch>.<position>, such as 1.4711
say-number-missing = the number is missing
say-lesson-not-of-files = lesson { $number } is neither in GPU002 nor in the plan
say-lesson-would-go = lesson { $number } would be removed, because GPU002 lacks it
say-lesson-differs = { $file } line { $line }: { $field } of lesson { $number } differs from the lesson's first row, which holds
say-batch-made = an earlier change of the batch has made this record: write * for whatever its revision is
say-batch-max = a batch has at most { $max } changes
say-batch-delete-body = a DELETE has no body
say-batch-verb = this path does not take the verb; a batch takes POST, PUT, PATCH and DELETE
say-batch-etag = an ETag as it was answered, or *, belongs here
say-batch-own-plan = a batch changes the plan that it is sent to
say-batch-address = there is nothing to write at this address in a plan
say-batch-parameters = the parameters of a change are period and merge=disjoint
say-no-lesson = the plan has no lesson "{ $name }"
say-undo-singleton = a plan always has its time grid and its school data
say-undo-refers = it refers to a record that is there no more
say-undo-no-change = no record of this plan was changed at this position
say-undo-import-whole = an import is taken back as a whole: send its id as import
say-undo-no-import = the plan has no import of this id
say-undo-either = either positions or import belongs here
say-undo-positions-max = from 1 to { $max } positions belong here
say-undo-once = each position once
say-optimisation-period = this optimisation is not of that period
say-hour-twice = this hour of the lesson is placed twice
say-result-max = a result has at most { $max } placements
say-result-field = a placement of a result has no field of this name
say-name-here = a name belongs here
say-hour-number = the number of the hour, from 1, belongs here
say-licence-field = a licence has no field of this name
say-moved-where = say where the hour is moved to
say-only-move = only a move goes to another place
say-period-below = period { $name } ({ $first } to { $last }) is below it and would lie outside of it
say-period-overlaps = period { $name } ({ $first } to { $last }) overlaps it: shorten one of the two, or put one wholly inside the other as its `parent`
say-leavers = a list of session ids, or the word "others"
say-head-long = the head of the request is too long
say-no-http = this is no HTTP request

## Sentences of the libraries that read JSON, times and ids, found in the same way. The program does not hold them.

say-field-missing = missing field `{ $name }`
say-field-unknown-none = unknown field `{ $name }`, there are no fields
say-field-unknown-of = unknown field `{ $name }`, expected one of { $names }
say-field-unknown = unknown field `{ $name }`, expected { $names }
say-variant-of = unknown variant `{ $name }`, expected one of { $names }
say-variant = unknown variant `{ $name }`, expected { $names }
say-type = invalid type: { $found }, expected { $wanted }
say-value = invalid value: { $found }, expected { $wanted }
say-length = invalid length { $found }, expected { $wanted }
say-json = { $what } at line { $line } column { $column }
say-expected-value = expected value
say-field-twice = duplicate field `{ $name }`
say-field-unknown-two = unknown field `{ $name }`, expected `{ $first }` or `{ $second }`
say-variant-two = unknown variant `{ $name }`, expected `{ $first }` or `{ $second }`
say-variant-untagged = data did not match any variant of untagged enum { $name }
say-time-characters = input contains invalid characters
say-time-short = premature end of input
say-time-range = input is out of range
say-time-long = trailing input
say-time-none = no possible date and time matching input
say-uuid = UUID parsing failed: { $fault }

## What those sentences fill in for $found, $wanted and $what

part-boolean = boolean `{ $value }`
part-integer = integer `{ $value }`
part-decimal = floating point `{ $value }`
part-text = string { $value }
part-null = null
part-list = sequence
part-object = map
part-a-text = a string
part-a-boolean = a boolean
part-a-list = a sequence
part-an-object = a map
part-struct = struct { $name }
part-struct-of = struct { $name } with { $count } elements
part-enum = enum { $name }
part-text-or-object = string or map
part-variant = variant identifier
part-date = a formatted date string
part-moment = an RFC 3339 formatted date and time string
part-uuid = a formatted UUID string
part-u8 = u8
part-u16 = u16
part-u32 = u32
part-u64 = u64
part-i64 = i64
part-f64 = f64
part-any = any valid JSON value
part-a-value = a JSON value
part-a-name = a name
part-eof = EOF while parsing { $what }
part-expected-value = expected value
part-expected-or = expected `{ $first }` or `{ $second }`
part-expected = expected `{ $mark }`
part-expected-word = expected ident
part-escape = invalid escape
part-number = invalid number
part-number-range = number out of range
part-code-point = invalid unicode code point
part-control = control character ({ $range }) found while parsing a string
part-key = key must be a string
part-surrogate = lone leading surrogate in hex escape
part-hex = unexpected end of hex escape
part-comma = trailing comma
part-trailing = trailing characters
part-recursion = recursion limit exceeded

kind = { $kind }
