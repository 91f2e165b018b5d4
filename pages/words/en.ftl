# What customers read, in English.
#
# Numbers, times and addresses come from the program: { $digits }, { $until }… No number is written here.
# Available everywhere: $brand, $host, $sender, $digits, $ttl, $tries, $block, $app_digits, $step, $backup_length, $step_up, $alarm.

## Common words

footer-support = Need help? Contact our support (it works without being logged in):
footer-zone = Times: { $zone }.
footer-account = Your account’s security
zone = { $name }, { $offset }
title-error = Error: { $title }
reference-label = Reference
reference-hint = Give this reference to support: it’s all they need to find out what happened.
account-label = Account
since-label = Since
until-label = Until
until-support = support lifts it
contact-label = Contact
next-heading = What to do now

back-to-login = Go to the login page
back-to-account = Go to your account’s security page
open-challenge = Enter the code in a new tab
open-login = Log in in a new tab
reload-panel = Try again

## Times and durations

in-span = in { $span }
in-moment = in less than a minute
span-seconds = { $n ->
    [one] { $n } second
   *[other] { $n } seconds
}
span-minutes = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
span-hours = { $n ->
    [one] { $n } hour
   *[other] { $n } hours
}
span-hours-minutes = { $hours ->
    [one] { $hours } hour
   *[other] { $hours } hours
} and { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}
span-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
month = { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}
weekday = { $weekday ->
    [1] Monday
    [2] Tuesday
    [3] Wednesday
    [4] Thursday
    [5] Friday
    [6] Saturday
   *[7] Sunday
}
# A time on another day than the reader's today.
other-day = { $clock } on { $day } { $month }
full-date = { $weekday } { $day } { $month } { $year } at { $clock }
# A time on any day.
when-today = today at { $clock }
when-day = on { $day } { $month } at { $clock }
when-year = on { $day } { $month } { $year } at { $clock }

## Entering the code

code-title = Enter the code we sent you
code-title-waiting = We can’t send a code just yet
code-title-ask = A code is needed
code-what = This account is waiting for a code sent by e-mail. Enter it on the page named here, then try again.
code-next = The code goes to the address on record for the account.
code-new-network = Your password is right. But this network (Wi-Fi, mobile data…) has never been used for { $account } before, so a code confirms that it’s really you.
code-network-changed = Your network changed while you were using { $account }, and the new one has never been used for that account before. A code confirms that it’s still you.
code-sent-to = { $count ->
    [one] We sent it at { $at } to your address (partly hidden):
   *[other] We sent it at { $at } to your addresses (partly hidden); any one of the e-mails will do:
}
code-goes-to = { $count ->
    [one] It goes to your address (partly hidden):
   *[other] It goes to your addresses (partly hidden); any one of the e-mails will do:
}
code-once = After that we’ll recognise this network and won’t ask for a code here again.
code-label = { $digits }-digit code
code-valid = Valid until { $until } ({ $left }).
code-tries = { $left ->
    [one] You have { $left } try left.
   *[other] You have { $left } tries left.
}
code-submit = Confirm code

notice-wrong = { $left ->
    [one] That’s not the right code. You have { $left } try left; one more mistake blocks this login for { $block }.
   *[other] That’s not the right code. You have { $left } tries left. Make sure you’re reading the newest e-mail, and copy its { $digits } digits.
}
notice-superseded = A newer code has replaced that one. Use the code in the e-mail sent at { $at }. This didn’t cost you a try.
notice-not-digits = The code is { $digits } digits, no letters. Copy it from the e-mail. This didn’t cost you a try.
notice-resent = A new code is on its way. Earlier codes no longer work.
notice-not-yet = It’s too early to send another code: you can ask for one from { $next } ({ $wait }).
notice-expired = That code is no longer valid: a code lasts { $ttl }. Ask for a new one below.

mail-queued = The e-mail is on its way.
mail-retrying = Our mail server can’t deliver the e-mail right now. We keep trying by ourselves; the code stays valid until { $until }.
mail-unknown = We can’t tell any more whether the e-mail has left. If it doesn’t come within a few minutes, ask for a new code.
mail-failed = The e-mail couldn’t be delivered. Ask for a new code; if it happens again, contact support.
mail-reload = Refresh this page

budget = Too many codes were requested for this account recently. The next e-mail can go out at { $next } ({ $wait }).
budget-later = This login attempt ends at { $ends }. Log in again after { $next } to get a code.
budget-wait = Come back to this page then and ask for a code. This login attempt stays open until { $ends }.
budget-known-network = If you can, log in from a network where you’ve confirmed a code for this account before: no code is needed there.

help-heading = No e-mail yet?
help-spam = Look in your spam or junk folder and the other ones: promotions, updates…
help-sender = Look for the sender { $sender }. Add it to your contacts so that the next ones get through.
help-more = Still nothing?
help-newest = If you’ve received several e-mails, only the code in the newest one works.
help-slow = Nothing after a few minutes? Your mail provider may be slow or down: wait until it works again, then ask for a new code.
help-known-network = From a network where you’ve confirmed a code for this account before, no code is needed.
help-stale = Is that address no longer yours, or can’t you get into it? Contact support: they’ll tell you how to show that the account is yours and change the address.
resend-submit = Send a new code
resend-from = Possible from { $next } ({ $wait }).
resend-replaces = The new code will replace the one you have.
resend-never = No further code can be sent for this login attempt. After { $next }, log in again to get one.

wrong-heading = Not your account, or not your code?
wrong-account = You’re logging in to { $account }. On a shared computer, the browser may have filled in somebody else’s login: cancel, and type your own.
wrong-bank = This isn’t a code from your bank or for a payment. All it does is log you in to { $brand }.
wrong-secret = Don’t give this code to anybody, not even to someone who says they’re calling on our behalf.
cancel-submit = Cancel and use another account

## The code has expired

code-expired-title = This code is no longer valid
code-expired-what = A code works for { $ttl }. That time is over, so this login attempt has ended. Nothing else has changed.
code-expired-next = Log in with your password again and we’ll send you a new code. The old e-mails are of no use any more; you can delete them.

## Blocked

blocked-title = Login blocked for now
blocked-title-support = Login blocked
blocked-what = To protect this account, logging in to it is blocked for now.
blocked-wrong-codes = { $tries ->
    [one] A wrong code was entered for this account from your network. To protect the account, nobody can log in to it from this network for { $block }.
   *[other] { $tries } wrong codes were entered for this account from your network. To protect the account, nobody can log in to it from this network for { $block }.
}
blocked-wrong-codes-everywhere = Too many wrong codes were entered for this account, from several networks. To protect it, no code is accepted from an unknown network for now.
blocked-support-needed = A very large number of wrong codes were entered for this account. To protect it, only our support can allow logins from unknown networks again.
blocked-reported = The owner of this account reported that a login from this network wasn’t theirs. To protect the account, nobody can log in to it from this network for now.
blocked-reported-owner = Is this your account, and your network too? Contact support and give them the reference above: they can open this network again.
blocked-reported-elsewhere = From another network, you can log in with a code.
blocked-unchanged = Only logging in is blocked: nothing in the account was changed or deleted.
blocked-after = After { $until }, log in again. Trying earlier won’t change that time.
blocked-after-tries = After { $until }, log in again: you’ll get a new code and { $tries ->
    [one] { $tries } try
   *[other] { $tries } tries
}. Trying earlier won’t change that time.
blocked-support = Contact support and give them the reference above.
blocked-known-network = You can still get in from a network where you’ve confirmed a code for this account before: at home, at the office…
blocked-not-you = Weren’t these attempts yours? Then somebody knows your password: change it as soon as you can get in, or tell our support. Without the code, nobody got in.
blocked-others = Somebody else can log in to their own account on this device.

## No address

no-address-title = We don’t know where to send your code
no-address-what = Your password is right. But this network has never been used for { $account } before, and there’s no usable e-mail address on record for that account, so we can’t send you the code.
no-address-next = Contact support and give them the reference below: they’ll tell you how to show that the account is yours and put an address on record. From a network where you’ve logged in before, you get in without a code.

## Nothing pending

explain-title = No code is expected here
explain-what = This page is for the code that we e-mail when a login comes from an unknown network. No login in this browser is waiting for one: it’s complete, cancelled or too old, or you began it in another browser.
explain-next = If you’ve just typed your password, start again in this browser with cookies allowed. If you received a code you didn’t ask for, don’t give it to anybody, and change your password.

## Cancelled, logged out

cancelled-title = Login cancelled
cancelled-what = The login attempt is over and the code we sent no longer works. Nobody is logged in in this browser.
cancelled-next = You can log in with another account.
logged-out-title = You’re logged out
logged-out-what = Your session in this browser is closed.
logged-out-next = On a shared computer, close the browser as well.

log-out-first-title = Log out first
log-out-first-what = This browser is already logged in to { $account }. To use another account, leave this one first. The login and password you’ve just typed were not passed on.
log-out-first-next = Log out, then log in with the other account. If you have unsaved work in another tab, save it first.
log-out-first-submit = Log me out
log-out-first-stay = Stay logged in

## A form held back

confirm-code-title = We need a code before this form can be sent
confirm-code-what = Your network has changed, or your login is waiting for a code. What you’ve just sent was not passed on and nothing was saved. What you typed isn’t lost.
confirm-code-next = Keep this tab open. Enter the code in a new tab, then come back here, go back one page and send the form again.
code-awaited-title = Your password is right, and a code is awaited
code-awaited-what = Your password is right. But this network has never been used for this account before, so a code confirms that it’s really you. It’s on its way to the account’s e-mail address.
code-awaited-next = Enter the code on the code page, in the same browser: the login is complete then.
confirm-login-title = Your session has ended
confirm-login-what = You’re no longer logged in. What you’ve just sent was not passed on and nothing was saved. What you typed isn’t lost.
confirm-login-next = Keep this tab open. Log in in a new tab, then come back here, go back one page and send the form again.

session-over-title = Your session ended meanwhile
session-over-what = Your session ended while { $brand } was busy with your request, so its answer was held back. We can’t tell whether what you sent was carried out.
session-over-next = Log in in a new tab and look whether it was, before you send it again.

## Logins that lead nowhere

start-again-title = Let’s start the login again
start-again-what = Another login is already using this browser’s session. To be safe, yours was not sent.
start-again-next = Go back to the login page and type your login and password again. If it keeps happening, close the other tabs of { $host }, then delete this site’s cookies.

no-verdict-title = We couldn’t verify your login
no-verdict-what = { $brand } gave no clear answer to your login. To be safe, you’re not logged in. This doesn’t mean that your password is wrong.
no-verdict-next = Try again in a minute. If it keeps happening, try a private window, or contact support with the reference below.

too-many-tries-title = Too many tries from your network
too-many-tries-what = Too many wrong passwords were sent from your network. Your last try was not passed on. If you share this connection (an office, a hotel…), they may be somebody else’s.
too-many-tries-next = Try again from { $until } ({ $wait }). Then type your login and password by hand instead of letting the browser fill them in. Forgotten your password? Reset it rather than guessing.

## Outages

accounts-unavailable-title = We can’t send codes at the moment
accounts-unavailable-what = The list of our customers’ e-mail addresses isn’t answering. Without it we don’t know where to send your code, and we let nobody in unchecked. The fault is ours.
accounts-unavailable-next = Try again in a few minutes. People who are already logged in aren’t affected.

store-unavailable-title = New logins are interrupted
store-unavailable-what = One of our systems isn’t answering, and we let nobody in unchecked. The fault is ours: nothing is wrong with your password or your account.
store-unavailable-next = Try again in a few minutes. People who are already logged in aren’t affected.

change-not-made-title = That can’t be done right now
change-not-made-what = One of our systems isn’t answering, or has too much to do at once. So nothing in your account has been changed. The fault is ours, and you’re still logged in.
change-not-made-next = Try again in a few minutes, from your account’s security page.

panel-down-title = { $brand } isn’t answering
panel-down-what = The server can’t be reached at the moment. The fault is ours. If you were sending a form, it may not have gone through: check before you send it again.
panel-down-next = Try again in a few minutes.

panel-slow-title = { $brand } is taking too long
panel-slow-what = The server didn’t finish its answer in time. If you were sending a form, it may have gone through all the same: check before you send it again.
panel-slow-next = Try again in a few minutes.

## Refusals

ambiguous-target-title = That address isn’t valid
ambiguous-target-what = The address you asked for can be read in more than one way. To be safe, it isn’t served.
ambiguous-target-next = If you typed or copied it, check it. Otherwise start from the login page.

bad-request-title = We couldn’t make sense of that request
bad-request-what = What your browser sent is incomplete, or can be read in more than one way. Nothing was passed on.
bad-request-next = Go back one page, reload it and try again. If it keeps happening, try another browser.

slow-request-title = The request came in too slowly
slow-request-what = Your browser didn’t finish sending its request in time. Nothing was passed on.
slow-request-next = Check your internet connection, then try again.

body-too-large-title = Too much data for this page
body-too-large-what = What was sent is far larger than a login form. Nothing was passed on.
body-too-large-next = Reload the login page and enter only your login and password.

target-too-long-title = That address is too long
target-too-long-what = The address that your browser asked for is longer than any page here has. Nothing was passed on.
target-too-long-next = Go back one page and try again, or begin at the home page.

form-only-title = A login can’t be sent like that
form-only-what = What was sent isn’t a form as the login page sends it. Nothing was passed on.
form-only-next = Open the login page and type your login and password there.

header-too-large-title = Your browser is sending too much
header-too-large-what = The cookies kept for this site have grown too large. Nothing was passed on.
header-too-large-next = Delete the cookies of { $host } in your browser, then log in again.

unknown-host-title = There’s no site at this address
unknown-host-what = The site name you asked for isn’t served here.
unknown-host-next = Check the address in your browser’s address bar.

closed-door-title = This way of logging in is closed
closed-door-what = To protect accounts, passwords can’t be presented at this address. Nothing was passed on.
closed-door-next = Log in on the usual login page. If this is a program or an app, ask our support how to connect it.

form-from-elsewhere-title = That form didn’t come from our page
form-from-elsewhere-what = The request wasn’t sent from our own page, or the page had been open for too long. To be safe, nothing was done.
form-from-elsewhere-next = Open the page again and retry. If another site or an e-mail brought you here, don’t enter a code.

not-found-title = This page doesn’t exist
not-found-what = There’s nothing at this address.
not-found-next = Start from the login page.

method-not-allowed-title = This page can’t be opened that way
method-not-allowed-what = The request isn’t of a kind that this page takes. Nothing was done.
method-not-allowed-next = Start from the login page.

too-many-connections-title = Too many connections at once
too-many-connections-what = Your network has too many connections open at the same time. You may be sharing it with other people.
too-many-connections-next = Close tabs and downloads you don’t need, wait a moment and reload the page.

too-many-requests-title = Too many requests
too-many-requests-what = Your network is sending too many requests in a short time. You may be sharing it with other people.
too-many-requests-next = Wait a moment, then reload the page.

foreign-login-title = A session is already open
foreign-login-what = This session belongs to another account. The login and password were not passed on.
foreign-login-next = End this session first, then log in with the other account.

internal-title = Something went wrong on our side
internal-what = Your request didn’t go through. It’s not your fault.
internal-next = Try again in a moment. If it keeps happening, contact support with the reference below.

## The app’s code

factor-title = Enter the code from your app
factor-backup-title = Enter a backup code
factor-what = This account is protected by an authenticator app, and its code is awaited.
factor-next = Enter the app’s code, or a backup code, on the code page, in the same browser.
factor-new-network = Your password is right. This account is also protected by an authenticator app.
factor-network-changed = Your network changed while you were using { $account }, and the new one has never been used for that account before: we have to make sure that it’s still you.
factor-app = Open your authenticator app and type the { $app_digits } digits it shows for the account { $account } at { $brand }.
factor-backup = Type one of the backup codes that you printed or saved for the account { $account } at { $brand }.
factor-label = { $app_digits }-digit code from the app
factor-backup-label = Backup code
factor-hint = The app shows a new code every { $step }.
factor-backup-hint = { $left ->
    [one] There’s { $left } unused code left.
   *[other] There are { $left } unused codes left.
} Each works once. Capitals, spaces and hyphens make no difference.
factor-ends = Enter it before { $until } ({ $left }).
factor-remember = Don’t ask for the app’s code in this browser again for { $span }
factor-remember-hint = Only on a device that’s yours alone. From an unknown network, we’ll still check that it’s you.
factor-mail-follows = After this, we’ll also e-mail you a code, because this network has never been used for this account before.

factor-notice-wrong = That code isn’t accepted. Each code works once and only for a moment: use the one that the app shows right now for this account.
factor-notice-backup-wrong = That backup code isn’t accepted. Each works once, and new ones replace all the older ones.
factor-notice-not-digits = The app’s code is { $app_digits } digits, no letters. This didn’t cost you a try.
factor-notice-not-a-backup-code = A backup code is { $backup_length } letters and digits in groups of four. This didn’t cost you a try.
factor-notice-misread = One character isn’t right: compare what you typed with your list. This didn’t cost you a try.
factor-left = { $left ->
    [one] You have { $left } try left; one more mistake blocks this login for { $block }.
   *[other] You have { $left } tries left.
}
clock-ahead = That code will only be valid later: the clock of your phone is about { $span } fast. Open the phone’s settings, turn on automatic date and time (on some phones: “Set time automatically”), then use the code that the app shows.
clock-behind = That code was valid earlier: the clock of your phone is about { $span } slow. Open the phone’s settings, turn on automatic date and time (on some phones: “Set time automatically”), then use the code that the app shows.

factor-help-heading = Code not accepted?
factor-help-account = Is it the right account? If the app lists several, use the one called { $brand }, with { $account } under it.
factor-help-once = Each code works once. If you’ve just used it, wait until the app shows the next one.
factor-help-clock = The phone’s clock must be right: in its settings, turn on automatic date and time.
factor-lost-heading = No phone at hand?
factor-lost-backup = Use one of the backup codes that you kept when you set up the app: on paper, in a file, in your password manager.
factor-use-backup = Use a backup code
factor-use-app = Use the app’s code
factor-lost-none = All backup codes have been used. You need the app’s code to get in.
factor-lost-support = Phone lost, and no backup code left? Contact support: they’ll tell you how to show that the account is yours, then they can turn the app off.

## The account’s security

account-title = Your account’s security
people-what = This page is made for people.
people-next = Open it in a browser.
account-lead = This page belongs to the account { $account }. It shows how the account is protected and what happened on it.
account-back = Go to { $brand }
account-log-out = Log out
account-suspected = You reported a login that wasn’t yours ({ $since }). Until support lifts it, a code is asked for at every login, on every network. If you haven’t changed your password at { $brand } since, do it now.
account-closed = You can look at everything here. To change something, type your password again first.
account-open = Enter your password
account-open-until = You can make changes until { $until } ({ $left }).
account-no-password = You can look at everything here. To change something, we’d have to ask for your password, and we can’t check it for this session. Log out, then log in again with your password.

done-open = Thank you: you can make changes now.
done-off = The authenticator app is turned off for this account. Your devices, backup codes and remembered browsers are gone. We’ve sent you an e-mail about it.
done-device-added = The device is added: its codes work from now on. We’ve sent you an e-mail about it.
done-device-removed = The device is removed: its codes no longer work. You can delete the entry in its app. We’ve sent you an e-mail about it.
done-network-forgotten = The network is forgotten: the next login from there will need a code.
done-session-ended = The session is ended.
done-others-ended = All other sessions are ended. Only this one goes on.
done-browsers-forgotten = The remembered browsers are forgotten: each of them will be asked for the app’s code again.
done-address-added = The address is added: codes and notices go there too from now on.
done-address-removed = The address is removed: nothing goes there any more.
done-address-not-possible = That address can’t be added. Check how it’s spelt; it may be there already, or its mailbox can only be opened by logging in here first.
done-language = The language is changed: e-mails come in it too.
done-gone = That isn’t there any more. Here’s how things stand now.
done-too-many-devices = No more devices can be added. Remove one that you no longer use first.
done-no-device = Backup codes stand in for the app: set up the app first.

devices-heading = Authenticator app
devices-off = Off. With an app on your phone, a stolen password isn’t enough to get in, not even together with access to your mailbox. It takes a few minutes.
devices-on = On. Each login asks for a code from the app, on every network.
devices-enrol = Set up an app
devices-added = Added { $at }.
devices-used = Last used { $at }.
devices-remove = Remove
devices-remove-name = the device { $name }
devices-more = Add another device
devices-more-hint = A second phone or a tablet will do: each one gets a key of its own, so you can remove one without the other.
devices-turn-off = Turn the app off
backup-heading = Backup codes
backup-left = { $left ->
    [0] All backup codes are used up. If you lose your phone now, only support can help: make new ones.
    [one] { $left } unused backup code is left: time to make new ones.
   *[other] { $left } unused backup codes are left.
}
backup-renew = Make new backup codes
backup-renew-hint = All the earlier ones stop working.
browsers-heading = Remembered browsers
browsers-count = { $count ->
    [one] { $count } browser isn’t asked for the app’s code.
   *[other] { $count } browsers aren’t asked for the app’s code.
}
browsers-forget = Forget all of them

addresses-heading = Where your codes go
addresses-lead = Login codes and notices go to every one of these addresses (partly hidden):
addresses-unknown = The list of our customers’ e-mail addresses isn’t answering at the moment, so we can’t show you those on record. They haven’t been changed. Try again in a few minutes.
addresses-none = There’s no e-mail address on record for this account. Ask support to add one.
addresses-record = from your customer record: to change it, update your contact details at { $brand } or ask support
addresses-added = added here
addresses-remove = Remove
addresses-remove-name = the address { $address }
addresses-label = Another e-mail address
addresses-hint = A mailbox you can open without logging in to { $brand }. We’ll send one code there and another to your present addresses.
addresses-add = Add this address

sessions-heading = Where you’re logged in
sessions-this = This session
sessions-since = Opened { $at }.
sessions-seen = Last used { $at }.
sessions-network = Network { $network }
sessions-end = End
sessions-end-name = the session of { $browser }, { $network }
sessions-end-others = End all other sessions
sessions-only = You’re logged in nowhere else.

networks-heading = Networks we know
networks-lead = You’ve confirmed these networks (Wi-Fi, mobile data…), or the account was created from one. Forget those you no longer use.
networks-none = None yet.
networks-this = This network
networks-since = First confirmed { $at }.
networks-used = Last used { $at }.
networks-forget = Forget
networks-forget-name = the network { $network }

language-heading = Language
language-label = Language of these pages and of e-mails
language-save = Save
language-fr = Français
language-en = English

events-heading = What happened on your account
events-lead = The latest first. Is there something you didn’t do? Change your password at { $brand }, end all other sessions, and contact support.
events-none = Nothing yet.
events-more = Show earlier events
event-detail = { $event }: { $detail }
event-where = { $at } – network { $network } – { $browser }
browser-unknown = Unrecognised browser
event-login-known = Login from a network we know
event-login-by-mail = Login confirmed with an e-mailed code
event-login-by-totp = Login confirmed with the app’s code
event-login-by-backup = Login confirmed with a backup code
event-code-sent = Right password; a code was e-mailed
event-factor-asked = Right password; the app’s code was asked for
event-blocked = Too many wrong codes: login blocked
event-login-blocked = Right password, but login was blocked
event-session-ended = A session was ended from this page
event-others-ended = All other sessions were ended
event-totp-on = Authenticator app turned on
event-totp-off = Authenticator app turned off
event-totp-off-by-support = Support turned the authenticator app off
event-device-added = Another device was added
event-device-removed = A device was removed
event-backup-renewed = New backup codes were made
event-address-added = An e-mail address was added
event-address-removed = An e-mail address was removed
event-network-forgotten = A network was forgotten
event-browsers-forgotten = The remembered browsers were forgotten
event-step-up-failed = Wrong passwords on this page ended the session
event-reported = You told us: “It wasn’t me”

account-needs-login-title = Log in to see your account’s security
account-needs-login-what = The page about your account’s security opens once you’re logged in, and any code we asked for has been entered. Nobody is fully logged in in this browser.
account-needs-login-next = Log in to { $brand }, then open this page again: its link is at the foot of our pages.

## The password once more

step-up-title = Type your password again
step-up-lead = You’re about to change how the account { $account } is protected. Type the password of { $brand } that you’ve logged in with, so that nobody else can do it at a computer you left open.
step-up-label = Password of { $brand }
step-up-hint = After that you can make changes for { $step_up }.
step-up-submit = Go on
step-up-wrong = { $left ->
    [one] That isn’t the password you logged in with. You have { $left } try left; one more mistake ends this session.
   *[other] That isn’t the password you logged in with. You have { $left } tries left.
}
step-up-forgotten = Type it by hand: the browser may have filled in an older one. If you’ve changed your password since you logged in, log out and log in with the new one.
step-up-missing = We’d have to ask for your password here, and we can’t check it for this session: you logged in without typing it, or at a moment when we had too much to do. Log out, then log in again with your password.
step-up-back = Back without changing anything

step-up-over-title = This session has been ended
step-up-over-what = Too many wrong passwords or codes were typed on the security page. To protect the account, we’ve ended this session. Nothing in the account was changed.
step-up-over-next = Log in again, with your password typed by hand. If it wasn’t you who typed them, somebody else used this browser: change your password, and log out whenever you leave.

## Setting up the app

enrol-title = Set up an authenticator app
enrol-another-title = Add another device
enrol-lead = From then on, each login to { $account } also asks for a code that only your phone can make. Do the steps below in order; nothing changes until the last one.
enrol-another-lead = This device gets a key of its own for { $account }. Nothing changes until the last step; your other devices go on working.
enrol-app = Install an authenticator app
enrol-app-text = Have you got one already? Then use it. If not, install one from your phone’s app store: FreeOTP, Aegis, Ente Auth, Google Authenticator, Microsoft Authenticator… any of them will do.
enrol-scan = Add { $brand } to the app
enrol-scan-text = In the app, choose “add” (often a +) and scan this picture with it. Your phone’s camera alone won’t do.
enrol-qr = QR code with the key for your authenticator app
enrol-same-phone = Reading this on the phone itself?
enrol-link = Open in the app
enrol-by-hand = Can’t scan it? Type the key
enrol-by-hand-text = In the app, choose to enter a key by hand, and type:
enrol-secret = Key
enrol-account = Account
enrol-issuer = Issuer
enrol-kind = Type
enrol-kind-value = time-based (TOTP), { $app_digits } digits, { $step }
enrol-secret-safe = Whoever has this picture or key can make your codes. Don’t photograph it, send it or keep it in a mailbox. If you want to have it for the day the phone is lost, write it on paper and lock it away.
enrol-name = Name this device
enrol-name-label = Name of the device
enrol-name-hint = So that you can tell it from others, for example “My phone”.
enrol-name-value = My phone
enrol-code = Type the code that the app shows
enrol-code-label = { $app_digits }-digit code from the app
enrol-code-hint = The app shows a new code every { $step }. This form is good until { $until }.
enrol-submit = Turn the app on
enrol-another-submit = Add this device
enrol-cancel = Cancel, change nothing
enrol-notice-wrong = The app shows another code, so nothing has been changed. Make sure you’ve scanned this very picture, and type the code that the app shows right now.
enrol-notice-not-digits = The code is { $app_digits } digits, no letters. Nothing has been changed.
enrol-notice-fresh = The page had been open for too long, so here’s a new key. Delete the entry that you’ve just made in the app, and scan this picture.
enrol-notice-changed-meanwhile = Meanwhile the account’s devices were changed in another tab, and that’s what counts. If you still want to add this device, delete the entry that you’ve just made in the app, and scan this new picture.

## Codes for a change

confirm-title = Enter the code we sent you
confirm-two-title = Enter the two codes we sent you
confirm-none-title = We can’t send a code just yet
confirm-enrol = Before an app is set up for { $account }, a code confirms that the account is yours: you came in from a network we know, so the password was all we asked for.
confirm-renew-codes = Before new backup codes are made for { $account }, a code confirms that the account is yours: in this session, your password is all we’ve asked for.
confirm-add-address = Before { $address } receives codes for { $account }, two codes confirm that both mailboxes are yours: one went to your present addresses, another to the new one.
confirm-sent-to = { $count ->
    [one] We sent the code at { $at } to your address (partly hidden):
   *[other] We sent the code at { $at } to your addresses (partly hidden); any one of the e-mails will do:
}
confirm-label = { $digits }-digit code
confirm-first-label = Code sent to your present addresses ({ $digits } digits)
confirm-second-label = Code sent to the new address ({ $digits } digits)
confirm-valid = Valid until { $until }.
confirm-tries = { $left ->
    [one] You have { $left } try left; one more mistake ends this session.
   *[other] You have { $left } tries left.
}
confirm-submit = Confirm
confirm-resend = { $two ->
    [yes] Send two new codes
   *[no] Send a new code
}
confirm-resend-replaces = The codes you have stop working then.
confirm-cancel = Cancel, change nothing
confirm-wrong = { $two ->
    [yes] The two codes don’t fit. Make sure you’re reading the newest e-mail in each mailbox and haven’t swapped the codes.
   *[no] That’s not the right code. Make sure you’re reading the newest e-mail.
}
confirm-not-digits = A code is { $digits } digits, no letters. This didn’t cost you a try.
confirm-expired = That’s too late: a code lasts { $ttl }. Ask for new ones below.
confirm-resent = New codes are on their way. Earlier ones no longer work.
confirm-not-yet = It’s too early to send others: you can ask for them from { $next } ({ $wait }).
confirm-budget = Too many e-mails were requested for this account recently. The next can go out at { $next } ({ $wait }).

## Backup codes

backup-codes-title = Your backup codes
backup-codes-enrolled = Done: “{ $name }” is set up, and your account is protected by the app. We’ve sent you an e-mail about it.
backup-codes-renewed = Done: here are your new backup codes. The earlier ones no longer work. We’ve sent you an e-mail about it.
backup-codes-lead = If your phone is lost or broken, type one of these in place of the app’s code. Each works once.
backup-codes-once = They’re shown this once: keep them now.
backup-codes-for = Backup codes for { $account } at { $brand }, made on { $at }
backup-codes-keep = Print this page with your browser and keep it where you keep your papers, or save the file in your password manager. Not in the mailbox, nor on the phone that has the app.
backup-codes-download = Download as a text file
backup-codes-cross = Cross out each code you’ve used.
backup-codes-kept = I’ve kept them

## Turning the app off

turn-off-title = Turn the authenticator app off
turn-off-device-title = Remove a device
turn-off-everything = You want to turn the authenticator app off for { $account }. Confirm it with a code; what you’d lose is on the next page, and nothing happens before.
turn-off-device = You want to remove the device { $name } from { $account }. Confirm it with a code; nothing happens before the next page.
turn-off-any = Any of your devices will do.
turn-off-submit = Go on
turn-off-cancel = Cancel, change nothing
turn-off-tries = { $left ->
    [one] You have { $left } try left; one more mistake ends this session and blocks logging in from this network for { $block }.
   *[other] You have { $left } tries left.
}

turn-off-confirm-title = Really turn the app off?
turn-off-confirm-device-title = Really remove this device?
turn-off-confirm-everything = This is what { $account } loses:
turn-off-confirm-protection = A code from the app is no longer asked for: on networks we know, the password alone is enough.
turn-off-confirm-devices = { $count ->
    [one] The device { $names } makes no more valid codes. Setting it up again means a new key.
   *[other] The devices { $names } make no more valid codes. Setting them up again means new keys.
}
turn-off-confirm-backup = { $left ->
    [0] Your backup codes are gone.
    [one] The backup code you haven’t used stops working.
   *[other] The { $left } backup codes you haven’t used stop working.
}
turn-off-confirm-browsers = Remembered browsers are forgotten.
turn-off-confirm-device = The device { $names } makes no more valid codes for { $account }. Your other devices and your backup codes go on working.
turn-off-confirm-mail = We’ll send you an e-mail about it.
turn-off-confirm-submit = Turn the app off
turn-off-confirm-device-submit = Remove this device
turn-off-confirm-keep = Keep everything as it is

## “It wasn’t me”

not-me-title = Wasn’t this you?
not-me-lead = We sent you an e-mail about this on the account { $account }. Nothing has been done yet: opening this page changes nothing.
not-me-what = What happened
not-me-if = If it was you after all, close this page: there’s nothing to do.
not-me-does = If it wasn’t you, the button does all of this at once:
not-me-sessions = It ends every session of the account, yours included.
not-me-network = It blocks logins to this account from the network { $network } and forgets that network.
not-me-codes = From then on, a code is asked for at every login, on every network, until support lifts it. Remembered browsers are forgotten.
not-me-mail = It tells everybody who gets e-mails about this account.
not-me-submit = It wasn’t me: protect the account

not-me-done-title = The account is protected
not-me-done-before-title = This was done already
not-me-done-lead = { $ended ->
    [0] No session of { $account } was open. Logins from the network { $network } are blocked, and a code is asked for at every login until support lifts it.
    [one] { $ended } session of { $account } was ended. Logins from the network { $network } are blocked, and a code is asked for at every login until support lifts it.
   *[other] { $ended } sessions of { $account } were ended. Logins from the network { $network } are blocked, and a code is asked for at every login until support lifts it.
}
not-me-done-before = The button of this link was used { $at }: the sessions of { $account } were ended then, and logins from the network { $network } blocked. Nothing was done this time.
not-me-done-next = What to do next, in this order:
not-me-done-antivirus = Use a device you trust: run an up-to-date antivirus on every device you log in from.
not-me-done-mailbox = Check that nobody else can read your mailbox: change its password if in doubt, and look for forwarding rules you didn’t make. Codes and password resets go there.
not-me-done-password = Change your password at { $brand }: type { $host } into your browser yourself. If you use the same password elsewhere, change it there too.
not-me-done-orders = Look for orders and payments you didn’t make.
not-me-done-contact = Check that your contact details are unchanged: e-mail, phone, postal address.
not-me-done-security = Look at your account’s security page for devices, addresses and events that you don’t know.
not-me-done-support = If anything looks wrong, or you can’t get in any more, contact support.

not-me-unknown-title = This link no longer works
not-me-unknown-what = The link from the e-mail is incomplete or too old: links like it work for { $alarm }. Nothing was done.
not-me-unknown-next = If you copied it, make sure that you have all of it. Otherwise log in, change your password and look at your account’s security page, or contact support.

## The e-mail

mail-subject = { $code } is your { $brand } login code
mail-hello = Hello,
mail-intro = Here’s the code to finish logging in to { $brand } ({ $host }):
mail-valid = It’s valid until { $until } ({ $zone }) and works once. Enter it on the page where you’ve just given your password. If you’ve received several codes, only the newest works.
mail-why-heading = Why this e-mail?
mail-why = Somebody who knows the password for { $account } is logging in from a network that has never been used for this account before. That’s most likely you. This isn’t a code from a bank or for a payment: nothing is being bought.
mail-line = { $label }: { $value }
mail-account = Account
mail-when = Date
mail-network = Network (IP address)
mail-browser = Browser
mail-browser-both = { $family } on { $system }
mail-browser-unknown = not recognised
mail-not-you-heading = Wasn’t it you?
mail-not-you = Don’t give this code to anybody, not even to someone who says they’re calling on our behalf: without it, the login stays closed. But somebody knows your password. Change it now: type { $host } into your browser yourself. If you use the same password elsewhere, change it there too, your mailbox first.
mail-no-link = There’s nothing to click in this e-mail: we’ll never ask for your password or your code by e-mail or on the phone.
mail-support = Questions, or in doubt? { $support }
mail-signature = { $brand } – automatic message. Sender: { $sender }.

## E-mails with a code for a change

confirm-mail-enrol-subject = { $code } is your { $brand } code to set up an authenticator app
confirm-mail-enrol-intro = Here’s the code to set up an authenticator app for your account at { $brand } ({ $host }):
confirm-mail-enrol-why = Somebody who’s logged in to { $account } wants to set up an authenticator app. Its codes would be asked for at every login from then on. This isn’t a code from a bank or for a payment: nothing is being bought.
confirm-mail-enrol-not-you = Don’t give this code to anybody, not even to someone who says they’re calling on our behalf: without it, no app is set up. But somebody is in your account. Type { $host } into your browser yourself, change your password, and end all other sessions on your account’s security page. If you can’t get in, contact support.
confirm-mail-renew-codes-subject = { $code } is your { $brand } code to make new backup codes
confirm-mail-renew-codes-intro = Here’s the code to make new backup codes for your account at { $brand } ({ $host }):
confirm-mail-renew-codes-why = Somebody who’s logged in to { $account } wants to make new backup codes. The earlier ones would stop working, and each of the new ones would let somebody in once without the app. This isn’t a code from a bank or for a payment: nothing is being bought.
confirm-mail-renew-codes-not-you = Don’t give this code to anybody, not even to someone who says they’re calling on our behalf: without it, no backup codes are made. But somebody is in your account. Type { $host } into your browser yourself, change your password, and end all other sessions on your account’s security page. If you can’t get in, contact support.
confirm-mail-add-address-subject = { $code } is your { $brand } code to add an e-mail address
confirm-mail-add-address-intro = Here’s the code to add the address { $address } to your account at { $brand } ({ $host }):
confirm-mail-add-address-why = Somebody who’s logged in to { $account } wants codes and notices to go to that address as well. This isn’t a code from a bank or for a payment: nothing is being bought.
confirm-mail-add-address-not-you = Don’t give this code to anybody, not even to someone who says they’re calling on our behalf: without it, no address is added. But somebody is in your account. Type { $host } into your browser yourself, change your password, and end all other sessions on your account’s security page. If you can’t get in, contact support.
confirm-mail-new-address-subject = { $code } is the code to add this address at { $brand }
confirm-mail-new-address-intro = Here’s the code to add this e-mail address to an account at { $brand } ({ $host }):
confirm-mail-new-address-why = Somebody who’s logged in to an account there typed this address, so that codes and notices for that account come here too. This isn’t a code from a bank or for a payment: nothing is being bought.
confirm-mail-new-address-not-you = Then somebody mistyped their own address: you needn’t do anything, and without the code it isn’t added. Don’t give the code to anybody.
confirm-mail-valid = It’s valid until { $until } ({ $zone }) and works once. Enter it on the page that asked for it. If you’ve received several codes, only the newest works.

## Notices by e-mail

notice-mail-intro = This happened on your account at { $brand } ({ $host }):
notice-mail-you = If this was you, there’s nothing to do.
notice-mail-not-you = Then tell us right away: open this link. Opening it does nothing yet: the page has one button, which ends all sessions of the account, blocks the network above, and asks for a code at every login from then on. It works without being logged in, for { $alarm }.
notice-mail-password = Change your password too: type { $host } into your browser yourself. If you use the same password elsewhere, change it there too, your mailbox first.
notice-mail-not-you-support = Then contact support right away: { $support }
notice-mail-safe = We’ll never ask for your password or a code by e-mail or on the phone.

notice-totp-on-subject = { $brand }: an authenticator app was turned on
notice-totp-on = An authenticator app was turned on, on the device “{ $detail }”. From now on, each login asks for its code, or for one of the backup codes that were shown.
notice-totp-off-subject = { $brand }: the authenticator app was turned off
notice-totp-off = The authenticator app was turned off. Its codes are no longer asked for, and the backup codes no longer work.
notice-totp-off-by-support = Our support turned the authenticator app off, as the account’s owner asked. Its codes are no longer asked for, and the backup codes no longer work. You can set up an app again on your account’s security page.
notice-device-added-subject = { $brand }: another device was added
notice-device-added = The device “{ $detail }” was added: the codes of its authenticator app open the account too from now on.
notice-device-removed-subject = { $brand }: a device was removed
notice-device-removed = The device “{ $detail }” was removed: the codes of its authenticator app no longer work. The other devices and the backup codes go on working.
notice-backup-renewed-subject = { $brand }: new backup codes were made
notice-backup-renewed = New backup codes were made. The earlier ones no longer work.
notice-backup-used-subject = { $brand }: a backup code was used
notice-backup-used = { $left ->
    [0] Somebody logged in with a backup code in place of the app’s code. It was the last one: make new ones on your account’s security page, else a lost phone would lock you out.
    [one] Somebody logged in with a backup code in place of the app’s code. { $left } backup code is left: make new ones on your account’s security page.
   *[other] Somebody logged in with a backup code in place of the app’s code. { $left } backup codes are left.
}
notice-backup-few = Make new ones on your account’s security page before they run out.
notice-address-added-subject = { $brand }: an e-mail address was added
notice-address-added = The address { $detail } was added: login codes and notices go there too from now on.
notice-address-removed-subject = { $brand }: an e-mail address was removed
notice-address-removed = The address { $detail } was removed: login codes and notices no longer go there.
notice-new-network-subject = { $brand }: login from a new network
notice-new-network = Somebody logged in to your account from a network that had never been used for it before, and confirmed it with a code. No code is asked for there any more, unless the account is protected by an app.
notice-factor-failed-subject = { $brand }: wrong codes after your right password
notice-factor-failed = Somebody typed the right password for your account, and then only wrong codes. Nobody got in, and logging in from that network is blocked for now. If it wasn’t you, somebody knows your password.
notice-reported-subject = { $brand }: “It wasn’t me” was reported for your account
notice-reported = Somebody who received one of our e-mails reported, from the network and browser below, that this wasn’t them: “{ $event }”. So all sessions of the account were ended, logins from the network that the e-mail named are blocked, and a code is asked for at every login until support lifts it.
notice-reported-next-heading = What to do now
notice-reported-next = Change your password: type { $host } into your browser yourself. Run an up-to-date antivirus on your devices, and check that nobody else can read your mailbox. Then look for orders you didn’t make and for changes in your contact details. In doubt, contact support.
