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
