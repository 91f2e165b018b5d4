# What customers read, in English.
#
# Numbers, times and addresses come from the program: { $digits }, { $until }… No number is written here.
# Available everywhere: $brand, $host, $sender, $digits, $ttl, $tries, $block, $resend.

## Common words

footer-support = Need help? Contact our support (it works without being logged in):
footer-zone = Times: { $zone }.
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
blocked-what = Logging in to this account is blocked for now, after too many wrong codes.
blocked-wrong-codes = { $tries ->
    [one] A wrong code was entered for this account from your network. To protect the account, nobody can log in to it from this network for { $block }.
   *[other] { $tries } wrong codes were entered for this account from your network. To protect the account, nobody can log in to it from this network for { $block }.
}
blocked-wrong-codes-everywhere = Too many wrong codes were entered for this account, from several networks. To protect it, no code is accepted from an unknown network for now.
blocked-support-needed = A very large number of wrong codes were entered for this account. To protect it, only our support can allow logins from unknown networks again.
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
