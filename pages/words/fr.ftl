# Ce que lisent les clients, en français.
#
# Les nombres, heures et adresses viennent du programme : { $digits }, { $until }… Aucun nombre n’est écrit ici.
# Partout disponibles : $brand, $host, $sender, $digits, $ttl, $tries, $block, $resend.
# Les espaces insécables devant « : ; ? ! » sont posées à l’affichage.

## Mots communs

footer-support = Besoin d’aide ? Contactez notre support (cette adresse fonctionne sans être connecté) :
footer-zone = Heures : { $zone }.
zone = { $name }, { $offset }
title-error = Erreur : { $title }
reference-label = Référence
reference-hint = Donnez cette référence au support : elle lui suffit pour retrouver ce qui s’est passé.
account-label = Compte
since-label = Depuis
until-label = Jusqu’à
until-support = l’intervention du support
contact-label = Contact
next-heading = Que faire maintenant ?

back-to-login = Aller à la page de connexion
open-challenge = Saisir le code dans un nouvel onglet
open-login = Se connecter dans un nouvel onglet
reload-panel = Réessayer

## Heures et durées

in-span = dans { $span }
in-moment = dans moins d’une minute
span-seconds = { $n ->
    [one] { $n } seconde
   *[other] { $n } secondes
}
span-minutes = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
span-hours = { $n ->
    [one] { $n } heure
   *[other] { $n } heures
}
span-hours-minutes = { $hours ->
    [one] { $hours } heure
   *[other] { $hours } heures
} et { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}
span-days = { $n ->
    [one] { $n } jour
   *[other] { $n } jours
}
month = { $month ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[12] décembre
}
weekday = { $weekday ->
    [1] lundi
    [2] mardi
    [3] mercredi
    [4] jeudi
    [5] vendredi
    [6] samedi
   *[7] dimanche
}
# Une heure d’un autre jour que le jour de lecture.
other-day = { $clock } le { $day ->
    [1] 1er
   *[other] { $day }
} { $month }
full-date = { $weekday } { $day ->
    [1] 1er
   *[other] { $day }
} { $month } { $year } à { $clock }

## Saisie du code

code-title = Saisissez le code reçu par e-mail
code-title-waiting = Aucun code ne peut être envoyé pour l’instant
code-title-ask = Un code est nécessaire
code-what = Ce compte attend un code envoyé par e-mail. Saisissez-le sur la page indiquée, puis recommencez.
code-next = Le code arrive à l’adresse enregistrée pour le compte.
code-new-network = Votre mot de passe est accepté. Mais ce réseau (Wi-Fi, 4G…) n’a encore jamais servi pour le compte { $account } : un code confirme que c’est bien vous.
code-network-changed = Votre réseau a changé pendant que vous utilisiez le compte { $account }, et le nouveau n’a encore jamais servi pour ce compte : un code confirme que c’est toujours vous.
code-sent-to = { $count ->
    [one] Nous l’avons envoyé à { $at } à votre adresse (masquée en partie) :
   *[other] Nous l’avons envoyé à { $at } à vos adresses (masquées en partie) ; un seul des messages suffit :
}
code-goes-to = { $count ->
    [one] Il est adressé à votre adresse (masquée en partie) :
   *[other] Il est adressé à vos adresses (masquées en partie) ; un seul des messages suffit :
}
code-once = Ensuite, ce réseau sera reconnu : aucun code ne vous y sera plus demandé.
code-label = Code à { $digits } chiffres
code-valid = Valable jusqu’à { $until } ({ $left }).
code-tries = { $left ->
    [one] Il vous reste { $left } essai.
   *[other] Il vous reste { $left } essais.
}
code-submit = Valider le code

notice-wrong = { $left ->
    [one] Ce code n’est pas le bon. Il vous reste { $left } essai ; après une nouvelle erreur, la connexion sera bloquée pendant { $block }.
   *[other] Ce code n’est pas le bon. Il vous reste { $left } essais. Vérifiez que vous lisez le message le plus récent et recopiez ses { $digits } chiffres.
}
notice-superseded = Ce code a été remplacé par un plus récent. Utilisez celui du message envoyé à { $at }. Cet essai n’a pas été décompté.
notice-not-digits = Le code est composé de { $digits } chiffres, sans lettres. Recopiez-le depuis l’e-mail. Cet essai n’a pas été décompté.
notice-resent = Un nouveau code part à l’instant. Les codes précédents ne sont plus valables.
notice-not-yet = Il est trop tôt pour envoyer un autre code : ce sera possible à partir de { $next } ({ $wait }).
notice-expired = Ce code n’est plus valable : un code ne sert que pendant { $ttl }. Demandez-en un nouveau ci-dessous.

mail-queued = Le message est en cours d’envoi.
mail-retrying = Notre serveur de messagerie n’arrive pas à remettre le message pour le moment. Nous réessayons automatiquement ; le code reste valable jusqu’à { $until }.
mail-unknown = Nous ne pouvons plus savoir si le message est parti. S’il n’arrive pas d’ici quelques minutes, demandez un nouveau code.
mail-failed = Le message n’a pas pu être remis. Demandez un nouveau code ; si cela se répète, contactez le support.
mail-reload = Actualiser cette page

budget = Trop de codes ont été demandés récemment pour ce compte : le prochain e-mail pourra partir à { $next } ({ $wait }).
budget-later = Votre tentative de connexion se termine à { $ends }. Reconnectez-vous après { $next } pour recevoir un code.
budget-wait = Revenez sur cette page à ce moment-là et demandez un code. Cette tentative de connexion reste ouverte jusqu’à { $ends }.
budget-known-network = Si vous le pouvez, connectez-vous depuis un réseau où vous avez déjà validé un code pour ce compte : aucun code n’y est demandé.

help-heading = L’e-mail n’arrive pas ?
help-spam = Regardez dans les courriers indésirables (spam) et les autres dossiers : promotions, notifications…
help-sender = Cherchez l’expéditeur { $sender }. Ajoutez-le à vos contacts pour que les prochains messages arrivent bien.
help-more = Toujours rien ?
help-newest = Si vous avez reçu plusieurs messages, seul le code du plus récent fonctionne.
help-slow = Rien après quelques minutes ? Votre fournisseur d’e-mail est peut-être ralenti ou en panne : attendez qu’il fonctionne à nouveau, puis demandez un nouveau code.
help-known-network = Depuis un réseau où vous avez déjà validé un code pour ce compte, aucun code n’est demandé.
help-stale = Cette adresse n’est plus la vôtre, ou vous n’y avez plus accès ? Contactez le support : il vous indiquera comment prouver que le compte est à vous et changer l’adresse.
resend-submit = Envoyer un nouveau code
resend-from = Possible à partir de { $next } ({ $wait }).
resend-replaces = Le nouveau code remplacera celui que vous avez déjà.
resend-never = Aucun autre code ne peut être envoyé pour cette tentative. Après { $next }, reconnectez-vous pour en recevoir un.

wrong-heading = Ce n’est pas votre compte, ou pas votre code ?
wrong-account = Vous vous connectez au compte { $account }. Sur un ordinateur partagé, le navigateur a pu remplir l’identifiant de quelqu’un d’autre : annulez et saisissez le vôtre.
wrong-bank = Ce n’est ni un code de votre banque, ni un code de paiement : il ne sert qu’à vous connecter à { $brand }.
wrong-secret = Ne donnez ce code à personne, pas même à quelqu’un qui dit appeler de notre part.
cancel-submit = Annuler et utiliser un autre compte

## Le code a expiré

code-expired-title = Ce code n’est plus valable
code-expired-what = Un code fonctionne pendant { $ttl }. Ce délai est écoulé, la tentative de connexion est donc terminée. Rien d’autre n’a changé.
code-expired-next = Connectez-vous à nouveau avec votre mot de passe : vous recevrez un nouveau code. Les anciens e-mails ne servent plus, vous pouvez les supprimer.

## Bloqué

blocked-title = Connexion bloquée pour l’instant
blocked-title-support = Connexion bloquée
blocked-what = La connexion à ce compte est bloquée pour l’instant, après trop de codes erronés.
blocked-wrong-codes = { $tries ->
    [one] Un code erroné a été saisi pour ce compte depuis votre réseau. Pour protéger le compte, nous n’acceptons plus de connexion à ce compte depuis ce réseau pendant { $block }.
   *[other] { $tries } codes erronés ont été saisis pour ce compte depuis votre réseau. Pour protéger le compte, nous n’acceptons plus de connexion à ce compte depuis ce réseau pendant { $block }.
}
blocked-wrong-codes-everywhere = Trop de codes erronés ont été saisis pour ce compte, depuis plusieurs réseaux. Pour protéger le compte, aucun code n’est accepté pour le moment depuis un réseau inconnu.
blocked-support-needed = Un très grand nombre de codes erronés ont été saisis pour ce compte. Pour le protéger, seul le support peut rouvrir les connexions depuis un réseau inconnu.
blocked-unchanged = Seule la connexion est bloquée : rien n’a été modifié ni supprimé dans le compte.
blocked-after = Après { $until }, connectez-vous de nouveau. Recommencer avant ne change rien à cette heure.
blocked-after-tries = Après { $until }, connectez-vous de nouveau : vous recevrez un nouveau code et aurez { $tries ->
    [one] { $tries } essai
   *[other] { $tries } essais
}. Recommencer avant ne change rien à cette heure.
blocked-support = Contactez le support en donnant la référence ci-dessus.
blocked-known-network = Vous pouvez toujours entrer depuis un réseau où vous avez déjà validé un code pour ce compte : chez vous, au bureau…
blocked-not-you = Ces essais ne viennent pas de vous ? Alors quelqu’un connaît votre mot de passe : changez-le dès que vous pouvez entrer, ou prévenez le support. Sans le code, personne n’est entré.
blocked-others = Une autre personne peut se connecter à son propre compte sur cet appareil.

## Pas d’adresse

no-address-title = Nous ne savons pas où envoyer votre code
no-address-what = Votre mot de passe est accepté. Mais ce réseau n’a encore jamais servi pour le compte { $account }, et aucune adresse e-mail utilisable n’y est enregistrée : nous ne pouvons pas vous envoyer le code de vérification.
no-address-next = Contactez le support en donnant la référence ci-dessous : il vous indiquera comment prouver que le compte est à vous et enregistrer une adresse. Depuis un réseau où vous vous êtes déjà connecté à ce compte, vous entrez sans code.

## Rien en attente

explain-title = Aucun code n’est attendu ici
explain-what = Cette page sert à saisir le code que nous envoyons par e-mail lorsqu’une connexion vient d’un réseau inconnu. Dans ce navigateur, aucune connexion n’attend de code : elle est terminée, annulée ou trop ancienne, ou bien vous l’avez commencée dans un autre navigateur.
explain-next = Si vous venez de saisir votre mot de passe, recommencez dans ce navigateur en autorisant les cookies. Si vous avez reçu un code que vous n’avez pas demandé, ne le donnez à personne et changez votre mot de passe.

## Annulé, déconnecté

cancelled-title = Connexion annulée
cancelled-what = La tentative de connexion est abandonnée et le code envoyé ne fonctionne plus. Personne n’est connecté dans ce navigateur.
cancelled-next = Vous pouvez vous connecter avec un autre compte.
logged-out-title = Vous êtes déconnecté
logged-out-what = Votre session est fermée dans ce navigateur.
logged-out-next = Sur un ordinateur partagé, fermez aussi le navigateur.

log-out-first-title = Déconnectez-vous d’abord
log-out-first-what = Ce navigateur est déjà connecté au compte { $account }. Pour entrer dans un autre compte, il faut d’abord quitter celui-ci. L’identifiant et le mot de passe que vous venez de saisir n’ont pas été transmis.
log-out-first-next = Déconnectez-vous, puis connectez-vous avec l’autre compte. Enregistrez d’abord ce que vous étiez en train de faire dans un autre onglet.
log-out-first-submit = Me déconnecter
log-out-first-stay = Rester connecté

## Formulaire retenu

confirm-code-title = Un code est nécessaire avant d’envoyer ce formulaire
confirm-code-what = Votre réseau a changé ou votre connexion attend un code : ce que vous venez d’envoyer n’a pas été transmis, et rien n’a été enregistré. Votre saisie n’est pas perdue.
confirm-code-next = Gardez cet onglet ouvert. Saisissez le code dans un nouvel onglet, puis revenez ici, retournez à la page précédente et envoyez le formulaire une nouvelle fois.
code-awaited-title = Votre mot de passe est accepté, un code est attendu
code-awaited-what = Votre mot de passe est accepté. Mais ce réseau n’a encore jamais servi pour ce compte : un code confirme que c’est bien vous. Il est envoyé à l’adresse e-mail du compte.
code-awaited-next = Saisissez le code sur la page du code, dans le même navigateur : la connexion sera alors terminée.
confirm-login-title = Votre session est terminée
confirm-login-what = Vous n’êtes plus connecté : ce que vous venez d’envoyer n’a pas été transmis, et rien n’a été enregistré. Votre saisie n’est pas perdue.
confirm-login-next = Gardez cet onglet ouvert. Connectez-vous dans un nouvel onglet, puis revenez ici, retournez à la page précédente et envoyez le formulaire une nouvelle fois.

session-over-title = Votre session s’est terminée entre-temps
session-over-what = Votre session s’est terminée pendant que { $brand } traitait votre demande : sa réponse a été retenue. Nous ne savons pas si ce que vous avez envoyé a été pris en compte.
session-over-next = Connectez-vous dans un nouvel onglet et vérifiez-le avant d’envoyer votre demande une nouvelle fois.

## Connexions sans suite

start-again-title = Reprenons la connexion du début
start-again-what = Une autre connexion utilise déjà la session de ce navigateur. Par sécurité, celle-ci n’a pas été envoyée.
start-again-next = Retournez à la page de connexion et saisissez vos identifiants une nouvelle fois. Si cela se répète, fermez les autres onglets de { $host }, puis effacez les cookies de ce site.

no-verdict-title = Nous n’avons pas pu vérifier votre connexion
no-verdict-what = { $brand } n’a pas répondu clairement à votre demande de connexion. Par prudence, vous n’êtes pas connecté. Cela ne veut pas dire que votre mot de passe est faux.
no-verdict-next = Réessayez dans une minute. Si cela se répète, essayez une fenêtre de navigation privée, ou contactez le support avec la référence ci-dessous.

too-many-tries-title = Trop d’essais depuis votre réseau
too-many-tries-what = Trop de mots de passe erronés ont été envoyés depuis votre réseau. Votre dernier essai n’a pas été transmis. Si vous partagez cette connexion (bureau, hôtel…), ces essais peuvent venir de quelqu’un d’autre.
too-many-tries-next = Réessayez à partir de { $until } ({ $wait }). Tapez alors votre identifiant et votre mot de passe à la main, sans le remplissage automatique. Mot de passe oublié ? Réinitialisez-le plutôt que d’essayer encore.

## Pannes

accounts-unavailable-title = Nous ne pouvons pas envoyer de code pour le moment
accounts-unavailable-what = La liste des adresses e-mail de nos clients ne répond pas. Sans elle, nous ne savons pas où envoyer votre code, et nous ne laissons entrer personne sans vérification. La panne est de notre côté.
accounts-unavailable-next = Réessayez dans quelques minutes. Les personnes déjà connectées ne sont pas gênées.

store-unavailable-title = Les nouvelles connexions sont interrompues
store-unavailable-what = Un de nos systèmes ne répond pas, et nous ne laissons entrer personne sans vérification. La panne est de notre côté : ni votre mot de passe ni votre compte ne sont en cause.
store-unavailable-next = Réessayez dans quelques minutes. Les personnes déjà connectées ne sont pas gênées.

panel-down-title = { $brand } ne répond pas
panel-down-what = Le serveur est injoignable en ce moment. La panne est de notre côté. Si vous étiez en train d’envoyer un formulaire, il n’a peut-être pas été pris en compte : vérifiez avant de l’envoyer à nouveau.
panel-down-next = Réessayez dans quelques minutes.

panel-slow-title = { $brand } met trop de temps à répondre
panel-slow-what = Le serveur n’a pas terminé sa réponse à temps. Si vous étiez en train d’envoyer un formulaire, il a peut-être été pris en compte quand même : vérifiez avant de l’envoyer à nouveau.
panel-slow-next = Réessayez dans quelques minutes.

## Refus

ambiguous-target-title = Cette adresse n’est pas valable
ambiguous-target-what = L’adresse demandée peut se lire de plusieurs façons. Par sécurité, elle n’est pas servie.
ambiguous-target-next = Si vous l’avez tapée ou copiée, vérifiez-la. Sinon, repartez de la page de connexion.

bad-request-title = Cette demande est incompréhensible
bad-request-what = Ce que votre navigateur a envoyé est incomplet ou peut se lire de plusieurs façons. Rien n’a été transmis.
bad-request-next = Retournez à la page précédente, rechargez-la et recommencez. Si cela se répète, essayez un autre navigateur.

slow-request-title = La demande est arrivée trop lentement
slow-request-what = Votre navigateur n’a pas fini d’envoyer sa demande à temps. Rien n’a été transmis.
slow-request-next = Vérifiez votre connexion à Internet, puis recommencez.

body-too-large-title = Trop de données pour cette page
body-too-large-what = Ce qui a été envoyé dépasse largement la taille d’un formulaire de connexion. Rien n’a été transmis.
body-too-large-next = Rechargez la page de connexion et ne saisissez que votre identifiant et votre mot de passe.

target-too-long-title = Cette adresse est trop longue
target-too-long-what = L’adresse demandée par votre navigateur est plus longue que celle de toute page de ce site. Rien n’a été transmis.
target-too-long-next = Revenez à la page précédente et réessayez, ou repartez de la page d’accueil.

form-only-title = Une connexion ne peut pas être envoyée ainsi
form-only-what = Ce qui a été envoyé n’est pas un formulaire tel que la page de connexion l’envoie. Rien n’a été transmis.
form-only-next = Ouvrez la page de connexion et saisissez-y votre identifiant et votre mot de passe.

header-too-large-title = Votre navigateur envoie trop d’informations
header-too-large-what = Les cookies enregistrés pour ce site sont devenus trop volumineux. Rien n’a été transmis.
header-too-large-next = Effacez les cookies de { $host } dans votre navigateur, puis reconnectez-vous.

unknown-host-title = Aucun site à cette adresse
unknown-host-what = Le nom de site demandé n’est pas servi ici.
unknown-host-next = Vérifiez l’adresse dans la barre de votre navigateur.

closed-door-title = Cette façon de se connecter est fermée
closed-door-what = Pour protéger les comptes, on ne peut pas présenter de mot de passe par cette adresse. Rien n’a été transmis.
closed-door-next = Connectez-vous sur la page de connexion habituelle. S’il s’agit d’un logiciel ou d’une application, demandez au support comment le raccorder.

form-from-elsewhere-title = Ce formulaire ne vient pas de notre page
form-from-elsewhere-what = La demande n’est pas partie de notre propre page, ou la page était ouverte depuis trop longtemps. Par sécurité, rien n’a été fait.
form-from-elsewhere-next = Rouvrez la page et recommencez. Si un autre site ou un e-mail vous a amené ici, n’y saisissez pas de code.

not-found-title = Cette page n’existe pas
not-found-what = Il n’y a rien à cette adresse.
not-found-next = Repartez de la page de connexion.

method-not-allowed-title = Cette page ne s’ouvre pas ainsi
method-not-allowed-what = La demande n’est pas d’un type que cette page accepte. Rien n’a été fait.
method-not-allowed-next = Repartez de la page de connexion.

too-many-connections-title = Trop de connexions simultanées
too-many-connections-what = Votre réseau a ouvert trop de connexions en même temps. Vous le partagez peut-être avec d’autres personnes.
too-many-connections-next = Fermez les onglets et les téléchargements inutiles, patientez un instant et rechargez la page.

too-many-requests-title = Trop de demandes
too-many-requests-what = Votre réseau envoie trop de demandes en peu de temps. Vous le partagez peut-être avec d’autres personnes.
too-many-requests-next = Patientez un instant, puis rechargez la page.

foreign-login-title = Une session est déjà ouverte
foreign-login-what = Cette session appartient à un autre compte. Les identifiants n’ont pas été transmis.
foreign-login-next = Fermez d’abord cette session, puis connectez-vous avec l’autre compte.

internal-title = Une erreur s’est produite de notre côté
internal-what = Votre demande n’a pas abouti. Vous n’y êtes pour rien.
internal-next = Réessayez dans un instant. Si cela se répète, contactez le support avec la référence ci-dessous.

## L’e-mail

mail-subject = { $code } : votre code de connexion { $brand }
mail-hello = Bonjour,
mail-intro = Voici le code qui termine votre connexion à { $brand } ({ $host }) :
mail-valid = Il est valable jusqu’à { $until } ({ $zone }) et ne sert qu’une fois. Saisissez-le dans la page où vous venez de donner votre mot de passe. Si vous avez reçu plusieurs codes, seul le plus récent fonctionne.
mail-why-heading = Pourquoi ce message ?
mail-why = Quelqu’un qui connaît le mot de passe du compte { $account } se connecte depuis un réseau qui n’a encore jamais servi pour ce compte. C’est sans doute vous. Ce code n’est ni celui d’une banque, ni celui d’un paiement : rien n’est acheté.
mail-line = { $label } : { $value }
mail-account = Compte
mail-when = Date
mail-network = Réseau (adresse IP)
mail-browser = Navigateur
mail-browser-both = { $family } sur { $system }
mail-browser-unknown = non reconnu
mail-not-you-heading = Ce n’est pas vous ?
mail-not-you = Ne donnez ce code à personne, pas même à quelqu’un qui dit appeler de notre part : sans lui, la connexion reste fermée. Mais quelqu’un connaît votre mot de passe. Changez-le dès maintenant : tapez vous-même { $host } dans votre navigateur. Si le même mot de passe sert ailleurs, changez-le aussi là-bas, à commencer par votre messagerie.
mail-no-link = Il n’y a rien à cliquer dans ce message : nous ne vous demanderons jamais votre mot de passe ni votre code par e-mail ou par téléphone.
mail-support = Une question, ou un doute ? { $support }
mail-signature = { $brand } – message automatique. Expéditeur : { $sender }.
