# Ce que lisent les clients, en français.
#
# Les nombres, heures et adresses viennent du programme : { $digits }, { $until }… Aucun nombre n’est écrit ici.
# Partout disponibles : $brand, $host, $sender, $digits, $ttl, $tries, $block, $app_digits, $step, $backup_length, $step_up, $alarm.
# Les espaces insécables devant « : ; ? ! » sont posées à l’affichage.

## Mots communs

footer-support = Besoin d’aide ? Contactez notre support (cette adresse fonctionne sans être connecté) :
footer-zone = Heures : { $zone }.
footer-account = La sécurité de votre compte
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
back-to-account = Aller à la page de sécurité de votre compte
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
# Une heure de n’importe quel jour.
when-today = aujourd’hui à { $clock }
when-day = le { $day ->
    [1] 1er
   *[other] { $day }
} { $month } à { $clock }
when-year = le { $day ->
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
blocked-what = Pour protéger ce compte, la connexion y est bloquée pour l’instant.
blocked-wrong-codes = { $tries ->
    [one] Un code erroné a été saisi pour ce compte depuis votre réseau. Pour protéger le compte, nous n’acceptons plus de connexion à ce compte depuis ce réseau pendant { $block }.
   *[other] { $tries } codes erronés ont été saisis pour ce compte depuis votre réseau. Pour protéger le compte, nous n’acceptons plus de connexion à ce compte depuis ce réseau pendant { $block }.
}
blocked-wrong-codes-everywhere = Trop de codes erronés ont été saisis pour ce compte, depuis plusieurs réseaux. Pour protéger le compte, aucun code n’est accepté pour le moment depuis un réseau inconnu.
blocked-support-needed = Un très grand nombre de codes erronés ont été saisis pour ce compte. Pour le protéger, seul le support peut rouvrir les connexions depuis un réseau inconnu.
blocked-reported = Le titulaire de ce compte nous a signalé qu’une connexion depuis ce réseau n’était pas la sienne. Pour protéger le compte, nous n’acceptons plus de connexion à ce compte depuis ce réseau pour l’instant.
blocked-reported-owner = Ce compte est à vous, et ce réseau aussi ? Contactez le support en donnant la référence ci-dessus : il peut rouvrir ce réseau.
blocked-reported-elsewhere = Depuis un autre réseau, vous pouvez vous connecter avec un code.
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

change-not-made-title = C’est impossible pour l’instant
change-not-made-what = Un de nos systèmes ne répond pas, ou a trop à faire en ce moment : rien n’a donc été modifié dans votre compte. La panne est de notre côté, et vous êtes toujours connecté.
change-not-made-next = Réessayez dans quelques minutes, depuis la page de sécurité de votre compte.

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

## Le code de l’application

factor-title = Saisissez le code de votre application
factor-backup-title = Saisissez un code de secours
factor-what = Ce compte est protégé par une application d’authentification, dont le code est attendu.
factor-next = Saisissez le code de l’application, ou un code de secours, sur la page du code, dans le même navigateur.
factor-new-network = Votre mot de passe est accepté. Ce compte est aussi protégé par une application d’authentification.
factor-network-changed = Votre réseau a changé pendant que vous utilisiez le compte { $account }, et le nouveau n’a encore jamais servi pour ce compte : nous devons nous assurer que c’est toujours vous.
factor-app = Ouvrez votre application d’authentification et saisissez les { $app_digits } chiffres qu’elle affiche pour le compte { $account } de { $brand }.
factor-backup = Saisissez l’un des codes de secours que vous avez imprimés ou enregistrés pour le compte { $account } de { $brand }.
factor-label = Code à { $app_digits } chiffres de l’application
factor-backup-label = Code de secours
factor-hint = L’application affiche un nouveau code toutes les { $step }.
factor-backup-hint = { $left ->
    [one] Il vous reste { $left } code non utilisé.
   *[other] Il vous reste { $left } codes non utilisés.
} Chacun ne sert qu’une fois. Majuscules, espaces et tirets n’ont pas d’importance.
factor-ends = Saisissez-le avant { $until } ({ $left }).
factor-remember = Ne plus demander le code de l’application dans ce navigateur pendant { $span }
factor-remember-hint = Seulement sur un appareil dont vous êtes seul à vous servir. Depuis un réseau inconnu, nous vérifierons toujours que c’est bien vous.
factor-mail-follows = Nous vous enverrons ensuite aussi un code par e-mail, car ce réseau n’a encore jamais servi pour ce compte.

factor-notice-wrong = Ce code n’est pas accepté. Chaque code ne sert qu’une fois et ne dure qu’un instant : saisissez celui que l’application affiche en ce moment pour ce compte.
factor-notice-backup-wrong = Ce code de secours n’est pas accepté. Chacun ne sert qu’une fois, et de nouveaux codes remplacent tous les anciens.
factor-notice-not-digits = Le code de l’application est composé de { $app_digits } chiffres, sans lettres. Cet essai n’a pas été décompté.
factor-notice-not-a-backup-code = Un code de secours est composé de { $backup_length } lettres et chiffres, par groupes de quatre. Cet essai n’a pas été décompté.
factor-notice-misread = Un des caractères n’est pas le bon : comparez votre saisie avec votre liste. Cet essai n’a pas été décompté.
factor-left = { $left ->
    [one] Il vous reste { $left } essai ; après une nouvelle erreur, la connexion sera bloquée pendant { $block }.
   *[other] Il vous reste { $left } essais.
}
clock-ahead = Ce code ne sera valable que plus tard : l’horloge de votre téléphone avance d’environ { $span }. Ouvrez les réglages du téléphone, activez la date et l’heure automatiques (sur certains : « Définir automatiquement »), puis saisissez le code que l’application affiche.
clock-behind = Ce code était valable plus tôt : l’horloge de votre téléphone retarde d’environ { $span }. Ouvrez les réglages du téléphone, activez la date et l’heure automatiques (sur certains : « Définir automatiquement »), puis saisissez le code que l’application affiche.

factor-help-heading = Le code n’est pas accepté ?
factor-help-account = Est-ce le bon compte ? Si l’application en affiche plusieurs, prenez celui nommé { $brand }, avec { $account } en dessous.
factor-help-once = Un code ne sert qu’une fois. Si vous venez de l’utiliser, attendez que l’application affiche le suivant.
factor-help-clock = L’horloge du téléphone doit être à l’heure : dans ses réglages, activez la date et l’heure automatiques.
factor-lost-heading = Votre téléphone n’est pas là ?
factor-lost-backup = Prenez l’un des codes de secours que vous avez gardés en installant l’application : sur papier, dans un fichier, dans votre gestionnaire de mots de passe.
factor-use-backup = Utiliser un code de secours
factor-use-app = Utiliser le code de l’application
factor-lost-none = Tous les codes de secours ont été utilisés. Il vous faut le code de l’application pour entrer.
factor-lost-support = Téléphone perdu, et plus de code de secours ? Contactez le support : il vous indiquera comment prouver que le compte est à vous, puis pourra désactiver l’application.

## La sécurité du compte

account-title = La sécurité de votre compte
people-what = Cette page s’adresse à une personne.
people-next = Ouvrez-la dans un navigateur.
account-lead = Cette page est celle du compte { $account }. Elle montre comment il est protégé et ce qui s’y est passé.
account-back = Aller à { $brand }
account-log-out = Me déconnecter
account-suspected = Vous avez signalé une connexion qui n’était pas la vôtre ({ $since }). Jusqu’à l’intervention du support, un code est demandé à chaque connexion, sur tous les réseaux. Si vous n’avez pas changé votre mot de passe { $brand } depuis, faites-le maintenant.
account-closed = Vous pouvez tout consulter ici. Pour modifier quelque chose, saisissez d’abord à nouveau votre mot de passe.
account-open = Saisir mon mot de passe
account-open-until = Vous pouvez faire des modifications jusqu’à { $until } ({ $left }).
account-no-password = Vous pouvez tout consulter ici. Pour modifier quelque chose, il faudrait saisir votre mot de passe, et nous ne pouvons pas le vérifier pour cette session. Déconnectez-vous, puis reconnectez-vous avec votre mot de passe.

done-open = Merci : vous pouvez maintenant faire des modifications.
done-off = L’application d’authentification est désactivée pour ce compte. Vos appareils, codes de secours et navigateurs mémorisés sont effacés. Un e-mail vous le confirme.
done-device-added = L’appareil est ajouté : ses codes fonctionnent dès maintenant. Un e-mail vous le confirme.
done-device-removed = L’appareil est retiré : ses codes ne fonctionnent plus. Vous pouvez supprimer la ligne dans son application. Un e-mail vous le confirme.
done-network-forgotten = Le réseau est oublié : la prochaine connexion depuis ce réseau demandera un code.
done-session-ended = La session est fermée.
done-others-ended = Toutes les autres sessions sont fermées. Seule celle-ci continue.
done-browsers-forgotten = Les navigateurs mémorisés sont oubliés : le code de l’application leur sera de nouveau demandé.
done-address-added = L’adresse est ajoutée : les codes et les avertissements y arrivent aussi dès maintenant.
done-address-removed = L’adresse est retirée : plus rien n’y est envoyé.
done-address-not-possible = Cette adresse ne peut pas être ajoutée. Vérifiez comment elle s’écrit ; elle figure peut-être déjà dans la liste, ou sa boîte ne s’ouvre qu’en se connectant d’abord ici.
done-language = La langue est changée, pour les e-mails aussi.
done-gone = Cet élément n’existe plus. Voici la situation actuelle.
done-too-many-devices = Aucun autre appareil ne peut être ajouté. Retirez d’abord celui que vous n’utilisez plus.
done-no-device = Les codes de secours remplacent l’application : installez d’abord l’application.

devices-heading = Application d’authentification
devices-off = Désactivée. Avec une application sur votre téléphone, un mot de passe volé ne suffit plus pour entrer, même par quelqu’un qui lirait vos e-mails. Comptez quelques minutes.
devices-on = Activée. Chaque connexion demande un code de l’application, sur tous les réseaux.
devices-enrol = Installer une application
devices-added = Ajouté { $at }.
devices-used = Dernière utilisation : { $at }.
devices-remove = Retirer
devices-remove-name = l’appareil { $name }
devices-more = Ajouter un autre appareil
devices-more-hint = Un second téléphone ou une tablette convient : chacun reçoit sa propre clé, vous pouvez donc retirer l’un sans toucher à l’autre.
devices-turn-off = Désactiver l’application
backup-heading = Codes de secours
backup-left = { $left ->
    [0] Tous les codes de secours ont été utilisés. Si vous perdez votre téléphone maintenant, seul le support pourra vous aider : créez-en de nouveaux.
    [one] Il reste { $left } code de secours non utilisé : il est temps d’en créer de nouveaux.
   *[other] Il reste { $left } codes de secours non utilisés.
}
backup-renew = Créer de nouveaux codes de secours
backup-renew-hint = Tous les anciens cessent de fonctionner.
browsers-heading = Navigateurs mémorisés
browsers-count = { $count ->
    [one] Le code de l’application n’est pas demandé dans { $count } navigateur.
   *[other] Le code de l’application n’est pas demandé dans { $count } navigateurs.
}
browsers-forget = Les oublier tous

addresses-heading = Où arrivent vos codes
addresses-lead = Les codes de connexion et les avertissements sont envoyés à chacune de ces adresses (masquées en partie) :
addresses-unknown = La liste des adresses e-mail de nos clients ne répond pas en ce moment : nous ne pouvons pas vous montrer celles qui sont enregistrées. Elles n’ont pas changé. Réessayez dans quelques minutes.
addresses-none = Aucune adresse e-mail n’est enregistrée pour ce compte. Demandez au support d’en ajouter une.
addresses-record = de votre fiche client : pour la changer, modifiez vos coordonnées dans { $brand } ou demandez au support
addresses-added = ajoutée ici
addresses-remove = Retirer
addresses-remove-name = l’adresse { $address }
addresses-label = Une autre adresse e-mail
addresses-hint = Une boîte qui s’ouvre sans se connecter à { $brand }. Nous y enverrons un code, et un autre à vos adresses actuelles.
addresses-add = Ajouter cette adresse

sessions-heading = Où vous êtes connecté
sessions-this = Cette session
sessions-since = Ouverte { $at }.
sessions-seen = Dernière utilisation : { $at }.
sessions-network = Réseau { $network }
sessions-end = Fermer
sessions-end-name = la session de { $browser }, { $network }
sessions-end-others = Fermer toutes les autres sessions
sessions-only = Vous n’êtes connecté nulle part ailleurs.

networks-heading = Réseaux reconnus
networks-lead = Vous avez validé ces réseaux (Wi-Fi, 4G…), ou le compte a été créé depuis l’un d’eux. Oubliez ceux que vous n’utilisez plus.
networks-none = Aucun pour l’instant.
networks-this = Ce réseau
networks-since = Première validation : { $at }.
networks-used = Dernière utilisation : { $at }.
networks-forget = Oublier
networks-forget-name = le réseau { $network }

language-heading = Langue
language-label = Langue de ces pages et des e-mails
language-save = Enregistrer
language-fr = Français
language-en = English

events-heading = Ce qui s’est passé sur votre compte
events-lead = Le plus récent en premier. Quelque chose ne vient pas de vous ? Changez votre mot de passe { $brand }, fermez toutes les autres sessions et contactez le support.
events-none = Rien pour l’instant.
events-more = Voir ce qui précède
event-detail = { $event } : { $detail }
event-where = { $at } – réseau { $network } – { $browser }
browser-unknown = Navigateur non reconnu
event-login-known = Connexion depuis un réseau reconnu
event-login-by-mail = Connexion confirmée par un code reçu par e-mail
event-login-by-totp = Connexion confirmée par le code de l’application
event-login-by-backup = Connexion confirmée par un code de secours
event-code-sent = Mot de passe juste ; un code a été envoyé par e-mail
event-factor-asked = Mot de passe juste ; le code de l’application a été demandé
event-blocked = Trop de codes erronés : connexion bloquée
event-login-blocked = Mot de passe juste, mais la connexion était bloquée
event-session-ended = Une session a été fermée depuis cette page
event-others-ended = Toutes les autres sessions ont été fermées
event-totp-on = Application d’authentification activée
event-totp-off = Application d’authentification désactivée
event-totp-off-by-support = Application d’authentification désactivée par le support
event-device-added = Un autre appareil a été ajouté
event-device-removed = Un appareil a été retiré
event-backup-renewed = De nouveaux codes de secours ont été créés
event-address-added = Une adresse e-mail a été ajoutée
event-address-removed = Une adresse e-mail a été retirée
event-network-forgotten = Un réseau a été oublié
event-browsers-forgotten = Les navigateurs mémorisés ont été oubliés
event-step-up-failed = Des mots de passe erronés sur cette page ont fermé la session
event-reported = Vous nous avez signalé : « Ce n’était pas moi »

account-needs-login-title = Connectez-vous pour voir la sécurité de votre compte
account-needs-login-what = La page de sécurité de votre compte s’ouvre une fois que vous êtes connecté et que le code éventuellement demandé est saisi. Dans ce navigateur, aucune connexion n’est allée jusque-là.
account-needs-login-next = Connectez-vous à { $brand }, puis rouvrez cette page : son lien figure au bas de nos pages.

## Le mot de passe, encore une fois

step-up-title = Saisissez à nouveau votre mot de passe
step-up-lead = Vous allez modifier la protection du compte { $account }. Saisissez le mot de passe { $brand } avec lequel vous vous êtes connecté : ainsi, personne d’autre ne peut le faire sur un ordinateur resté ouvert.
step-up-label = Mot de passe { $brand }
step-up-hint = Vous pourrez ensuite faire des modifications pendant { $step_up }.
step-up-submit = Continuer
step-up-wrong = { $left ->
    [one] Ce n’est pas le mot de passe de votre connexion. Il vous reste { $left } essai ; après une nouvelle erreur, cette session sera fermée.
   *[other] Ce n’est pas le mot de passe de votre connexion. Il vous reste { $left } essais.
}
step-up-forgotten = Tapez-le à la main : le navigateur a pu en remplir un ancien. Si vous l’avez changé depuis votre connexion, déconnectez-vous et reconnectez-vous avec le nouveau.
step-up-missing = Il faudrait saisir votre mot de passe ici, et nous ne pouvons pas le vérifier pour cette session : vous vous êtes connecté sans le taper, ou à un moment où nous avions trop à faire. Déconnectez-vous, puis reconnectez-vous avec votre mot de passe.
step-up-back = Revenir sans rien changer

step-up-over-title = Cette session a été fermée
step-up-over-what = Trop de mots de passe ou de codes erronés ont été saisis sur la page de sécurité. Pour protéger le compte, nous avons fermé cette session. Rien n’a été modifié dans le compte.
step-up-over-next = Reconnectez-vous en tapant votre mot de passe à la main. Si ces essais ne viennent pas de vous, quelqu’un d’autre s’est servi de ce navigateur : changez votre mot de passe, et déconnectez-vous chaque fois que vous partez.

## Installer l’application

enrol-title = Installer une application d’authentification
enrol-another-title = Ajouter un autre appareil
enrol-lead = Ensuite, chaque connexion au compte { $account } demandera aussi un code que seul votre téléphone sait produire. Suivez les étapes dans l’ordre ; rien ne change avant la dernière.
enrol-another-lead = Cet appareil reçoit sa propre clé pour le compte { $account }. Rien ne change avant la dernière étape ; vos autres appareils continuent de fonctionner.
enrol-app = Installez une application d’authentification
enrol-app-text = Vous en avez déjà une ? Servez-vous de celle-là. Sinon, installez-en une depuis le magasin d’applications de votre téléphone : FreeOTP, Aegis, Ente Auth, Google Authenticator, Microsoft Authenticator… toutes conviennent.
enrol-scan = Ajoutez { $brand } dans l’application
enrol-scan-text = Dans l’application, choisissez « ajouter » (souvent un +) et scannez cette image avec elle. L’appareil photo seul ne suffit pas.
enrol-qr = QR code contenant la clé pour votre application d’authentification
enrol-same-phone = Vous lisez cette page sur le téléphone lui-même ?
enrol-link = Ouvrir dans l’application
enrol-by-hand = Impossible de scanner ? Tapez la clé
enrol-by-hand-text = Dans l’application, choisissez de saisir une clé à la main, puis tapez :
enrol-secret = Clé
enrol-account = Compte
enrol-issuer = Émetteur
enrol-kind = Type
enrol-kind-value = basé sur l’heure (TOTP), { $app_digits } chiffres, { $step }
enrol-secret-safe = Qui possède cette image ou cette clé peut produire vos codes. Ne la photographiez pas, ne l’envoyez pas et ne la gardez pas dans une boîte e-mail. Si vous voulez la conserver pour le jour où le téléphone serait perdu, notez-la sur papier et mettez-la sous clé.
enrol-name = Donnez un nom à cet appareil
enrol-name-label = Nom de l’appareil
enrol-name-hint = Pour le distinguer des autres, par exemple « Mon téléphone ».
enrol-name-value = Mon téléphone
enrol-code = Saisissez le code affiché par l’application
enrol-code-label = Code à { $app_digits } chiffres de l’application
enrol-code-hint = L’application affiche un nouveau code toutes les { $step }. Ce formulaire est valable jusqu’à { $until }.
enrol-submit = Activer l’application
enrol-another-submit = Ajouter cet appareil
enrol-cancel = Annuler sans rien changer
enrol-notice-wrong = L’application affiche un autre code : rien n’a donc changé. Vérifiez que vous avez bien scanné cette image-ci, et saisissez le code qu’elle affiche en ce moment.
enrol-notice-not-digits = Le code est composé de { $app_digits } chiffres, sans lettres. Rien n’a changé.
enrol-notice-fresh = La page était ouverte depuis trop longtemps, voici donc une nouvelle clé. Supprimez la ligne que vous venez de créer dans l’application, et scannez cette image.
enrol-notice-changed-meanwhile = Entre-temps, les appareils du compte ont été modifiés dans un autre onglet, et c’est cela qui compte. Si vous voulez toujours ajouter cet appareil, supprimez la ligne que vous venez de créer dans l’application, et scannez cette nouvelle image.

## Les codes d’une modification

confirm-title = Saisissez le code que nous vous avons envoyé
confirm-two-title = Saisissez les deux codes que nous vous avons envoyés
confirm-none-title = Aucun code ne peut être envoyé pour l’instant
confirm-enrol = Avant d’installer une application pour le compte { $account }, un code confirme que ce compte est le vôtre : vous êtes entré depuis un réseau reconnu, seul le mot de passe vous a donc été demandé.
confirm-renew-codes = Avant de créer de nouveaux codes de secours pour le compte { $account }, un code confirme que ce compte est le vôtre : dans cette session, seul le mot de passe vous a été demandé.
confirm-add-address = Avant que { $address } reçoive les codes du compte { $account }, deux codes confirment que les deux boîtes sont à vous : l’un est parti vers vos adresses actuelles, l’autre vers la nouvelle.
confirm-sent-to = { $count ->
    [one] Nous avons envoyé le code à { $at } à votre adresse (masquée en partie) :
   *[other] Nous avons envoyé le code à { $at } à vos adresses (masquées en partie) ; un seul des messages suffit :
}
confirm-label = Code à { $digits } chiffres
confirm-first-label = Code reçu à vos adresses actuelles ({ $digits } chiffres)
confirm-second-label = Code reçu à la nouvelle adresse ({ $digits } chiffres)
confirm-valid = Valable jusqu’à { $until }.
confirm-tries = { $left ->
    [one] Il vous reste { $left } essai ; après une nouvelle erreur, cette session sera fermée.
   *[other] Il vous reste { $left } essais.
}
confirm-submit = Valider
confirm-resend = { $two ->
    [yes] Envoyer deux nouveaux codes
   *[no] Envoyer un nouveau code
}
confirm-resend-replaces = Ceux que vous avez déjà cesseront de fonctionner.
confirm-cancel = Annuler sans rien changer
confirm-wrong = { $two ->
    [yes] Les deux codes ne conviennent pas. Vérifiez que vous lisez le message le plus récent dans chaque boîte, et que vous n’avez pas interverti les codes.
   *[no] Ce code n’est pas le bon. Vérifiez que vous lisez le message le plus récent.
}
confirm-not-digits = Un code est composé de { $digits } chiffres, sans lettres. Cet essai n’a pas été décompté.
confirm-expired = C’est trop tard : un code ne sert que pendant { $ttl }. Demandez-en d’autres ci-dessous.
confirm-resent = De nouveaux codes partent à l’instant. Les précédents ne sont plus valables.
confirm-not-yet = Il est trop tôt pour en envoyer d’autres : ce sera possible à partir de { $next } ({ $wait }).
confirm-budget = Trop d’e-mails ont été demandés récemment pour ce compte : le prochain pourra partir à { $next } ({ $wait }).

## Codes de secours

backup-codes-title = Vos codes de secours
backup-codes-enrolled = C’est fait : « { $name } » est installé, et l’application protège votre compte. Un e-mail vous le confirme.
backup-codes-renewed = C’est fait : voici vos nouveaux codes de secours. Les anciens ne fonctionnent plus. Un e-mail vous le confirme.
backup-codes-lead = Si votre téléphone est perdu ou cassé, saisissez l’un d’eux à la place du code de l’application. Chacun ne sert qu’une fois.
backup-codes-once = Ils ne sont affichés que cette fois-ci : conservez-les maintenant.
backup-codes-for = Codes de secours du compte { $account } de { $brand }, créés le { $at }
backup-codes-keep = Imprimez cette page avec votre navigateur et rangez-la avec vos papiers, ou gardez le fichier dans votre gestionnaire de mots de passe. Ni dans la boîte e-mail, ni sur le téléphone qui porte l’application.
backup-codes-download = Télécharger en fichier texte
backup-codes-cross = Rayez chaque code que vous avez utilisé.
backup-codes-kept = Je les ai conservés

## Désactiver l’application

turn-off-title = Désactiver l’application d’authentification
turn-off-device-title = Retirer un appareil
turn-off-everything = Vous voulez désactiver l’application d’authentification du compte { $account }. Confirmez-le par un code ; la page suivante dira ce que vous perdriez, et rien ne change avant.
turn-off-device = Vous voulez retirer l’appareil { $name } du compte { $account }. Confirmez-le par un code ; rien ne change avant la page suivante.
turn-off-any = N’importe lequel de vos appareils convient.
turn-off-submit = Continuer
turn-off-cancel = Annuler sans rien changer
turn-off-tries = { $left ->
    [one] Il vous reste { $left } essai ; après une nouvelle erreur, cette session sera fermée et la connexion depuis ce réseau bloquée pendant { $block }.
   *[other] Il vous reste { $left } essais.
}

turn-off-confirm-title = Vraiment désactiver l’application ?
turn-off-confirm-device-title = Vraiment retirer cet appareil ?
turn-off-confirm-everything = Voici ce que perd le compte { $account } :
turn-off-confirm-protection = Le code de l’application n’est plus demandé : sur les réseaux reconnus, le mot de passe seul suffit pour entrer.
turn-off-confirm-devices = { $count ->
    [one] L’appareil { $names } ne produit plus de code valable. Le réinstaller demandera une nouvelle clé.
   *[other] Les appareils { $names } ne produisent plus de code valable. Les réinstaller demandera de nouvelles clés.
}
turn-off-confirm-backup = { $left ->
    [0] Vos codes de secours sont effacés.
    [one] Le code de secours que vous n’avez pas utilisé cesse de fonctionner.
   *[other] Les { $left } codes de secours que vous n’avez pas utilisés cessent de fonctionner.
}
turn-off-confirm-browsers = Les navigateurs mémorisés sont oubliés.
turn-off-confirm-device = L’appareil { $names } ne produit plus de code valable pour le compte { $account }. Vos autres appareils et vos codes de secours continuent de fonctionner.
turn-off-confirm-mail = Un e-mail vous le confirmera.
turn-off-confirm-submit = Désactiver l’application
turn-off-confirm-device-submit = Retirer cet appareil
turn-off-confirm-keep = Tout garder comme avant

## « Ce n’était pas moi »

not-me-title = Ce n’était pas vous ?
not-me-lead = Nous vous avons écrit à ce sujet pour le compte { $account }. Rien n’a encore été fait : ouvrir cette page ne change rien.
not-me-what = Ce qui s’est passé
not-me-if = Si c’était bien vous, fermez cette page : il n’y a rien à faire.
not-me-does = Si ce n’était pas vous, le bouton fait tout ceci d’un coup :
not-me-sessions = Il ferme toutes les sessions du compte, la vôtre comprise.
not-me-network = Il bloque les connexions à ce compte depuis le réseau { $network } et oublie ce réseau.
not-me-codes = Ensuite, un code est demandé à chaque connexion, sur tous les réseaux, jusqu’à l’intervention du support. Les navigateurs mémorisés sont oubliés.
not-me-mail = Il prévient toutes les personnes qui reçoivent les e-mails de ce compte.
not-me-submit = Ce n’était pas moi : protéger le compte

not-me-done-title = Le compte est protégé
not-me-done-before-title = C’était déjà fait
not-me-done-lead = { $ended ->
    [0] Aucune session du compte { $account } n’était ouverte. Les connexions depuis le réseau { $network } sont bloquées, et un code est demandé à chaque connexion jusqu’à l’intervention du support.
    [one] { $ended } session du compte { $account } a été fermée. Les connexions depuis le réseau { $network } sont bloquées, et un code est demandé à chaque connexion jusqu’à l’intervention du support.
   *[other] { $ended } sessions du compte { $account } ont été fermées. Les connexions depuis le réseau { $network } sont bloquées, et un code est demandé à chaque connexion jusqu’à l’intervention du support.
}
not-me-done-before = Le bouton de ce lien a déjà servi { $at } : les sessions du compte { $account } ont alors été fermées, et les connexions depuis le réseau { $network } bloquées. Rien n’a été fait cette fois-ci.
not-me-done-next = Que faire ensuite, dans cet ordre :
not-me-done-antivirus = Servez-vous d’un appareil de confiance : passez un antivirus à jour sur chaque appareil d’où vous vous connectez.
not-me-done-mailbox = Vérifiez que personne d’autre ne lit votre messagerie : dans le doute, changez son mot de passe et cherchez des règles de transfert que vous n’avez pas créées. C’est là qu’arrivent les codes et les réinitialisations.
not-me-done-password = Changez votre mot de passe { $brand } : tapez vous-même { $host } dans votre navigateur. Si le même mot de passe sert ailleurs, changez-le aussi là-bas.
not-me-done-orders = Cherchez des commandes et des paiements que vous n’avez pas faits.
not-me-done-contact = Vérifiez que vos coordonnées n’ont pas changé : e-mail, téléphone, adresse postale.
not-me-done-security = Sur la page de sécurité de votre compte, cherchez des appareils, des adresses et des événements que vous ne connaissez pas.
not-me-done-support = Si quelque chose vous semble anormal, ou si vous ne pouvez plus entrer, contactez le support.

not-me-unknown-title = Ce lien ne fonctionne plus
not-me-unknown-what = Le lien de l’e-mail est incomplet ou trop ancien : ces liens fonctionnent pendant { $alarm }. Rien n’a été fait.
not-me-unknown-next = Si vous l’avez copié, vérifiez qu’il est entier. Sinon, connectez-vous, changez votre mot de passe et regardez la page de sécurité de votre compte, ou contactez le support.

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

## Les e-mails avec le code d’une modification

confirm-mail-enrol-subject = { $code } : votre code { $brand } pour installer une application
confirm-mail-enrol-intro = Voici le code pour installer une application d’authentification sur votre compte { $brand } ({ $host }) :
confirm-mail-enrol-why = Une personne connectée au compte { $account } veut installer une application d’authentification, dont le code serait ensuite demandé à chaque connexion. Ce code-ci n’est ni celui d’une banque, ni celui d’un paiement : rien n’est acheté.
confirm-mail-enrol-not-you = Ne donnez ce code à personne, pas même à quelqu’un qui dit appeler de notre part : sans lui, aucune application n’est installée. Mais quelqu’un est entré dans votre compte. Tapez vous-même { $host } dans votre navigateur, changez votre mot de passe et fermez toutes les autres sessions sur la page de sécurité de votre compte. Si vous ne pouvez pas entrer, contactez le support.
confirm-mail-renew-codes-subject = { $code } : votre code { $brand } pour créer des codes de secours
confirm-mail-renew-codes-intro = Voici le code pour créer de nouveaux codes de secours pour votre compte { $brand } ({ $host }) :
confirm-mail-renew-codes-why = Une personne connectée au compte { $account } veut créer de nouveaux codes de secours. Les anciens cesseraient de fonctionner, et chacun des nouveaux permettrait d’entrer une fois sans l’application. Ce code-ci n’est ni celui d’une banque, ni celui d’un paiement : rien n’est acheté.
confirm-mail-renew-codes-not-you = Ne donnez ce code à personne, pas même à quelqu’un qui dit appeler de notre part : sans lui, aucun code de secours n’est créé. Mais quelqu’un est entré dans votre compte. Tapez vous-même { $host } dans votre navigateur, changez votre mot de passe et fermez toutes les autres sessions sur la page de sécurité de votre compte. Si vous ne pouvez pas entrer, contactez le support.
confirm-mail-add-address-subject = { $code } : votre code { $brand } pour ajouter une adresse e-mail
confirm-mail-add-address-intro = Voici le code pour ajouter l’adresse { $address } à votre compte { $brand } ({ $host }) :
confirm-mail-add-address-why = Une personne connectée au compte { $account } veut que les codes et les avertissements arrivent aussi à cette adresse. Ce code n’est ni celui d’une banque, ni celui d’un paiement : rien n’est acheté.
confirm-mail-add-address-not-you = Ne donnez ce code à personne, pas même à quelqu’un qui dit appeler de notre part : sans lui, aucune adresse n’est ajoutée. Mais quelqu’un est entré dans votre compte. Tapez vous-même { $host } dans votre navigateur, changez votre mot de passe et fermez toutes les autres sessions sur la page de sécurité de votre compte. Si vous ne pouvez pas entrer, contactez le support.
confirm-mail-new-address-subject = { $code } : le code pour ajouter cette adresse à { $brand }
confirm-mail-new-address-intro = Voici le code pour ajouter cette adresse e-mail à un compte { $brand } ({ $host }) :
confirm-mail-new-address-why = Une personne connectée à un compte y a saisi cette adresse, pour que les codes et les avertissements de ce compte arrivent aussi ici. Ce code n’est ni celui d’une banque, ni celui d’un paiement : rien n’est acheté.
confirm-mail-new-address-not-you = Alors quelqu’un s’est trompé en tapant sa propre adresse : vous n’avez rien à faire, sans le code elle n’est pas ajoutée. Ne donnez ce code à personne.
confirm-mail-valid = Il est valable jusqu’à { $until } ({ $zone }) et ne sert qu’une fois. Saisissez-le dans la page qui l’a demandé. Si vous avez reçu plusieurs codes, seul le plus récent fonctionne.

## Les avertissements par e-mail

notice-mail-intro = Voici ce qui vient de se passer sur votre compte { $brand } ({ $host }) :
notice-mail-you = Si cela vient de vous, il n’y a rien à faire.
notice-mail-not-you = Alors dites-le-nous tout de suite : ouvrez ce lien. L’ouvrir ne fait encore rien : la page porte un seul bouton, qui ferme toutes les sessions du compte, bloque le réseau ci-dessus et fait demander un code à chaque connexion. Il fonctionne sans être connecté, pendant { $alarm }.
notice-mail-password = Changez aussi votre mot de passe : tapez vous-même { $host } dans votre navigateur. Si le même mot de passe sert ailleurs, changez-le aussi là-bas, à commencer par votre messagerie.
notice-mail-not-you-support = Alors contactez tout de suite le support : { $support }
notice-mail-safe = Nous ne vous demanderons jamais votre mot de passe ni un code par e-mail ou par téléphone.

notice-totp-on-subject = { $brand } : application d’authentification activée
notice-totp-on = Une application d’authentification a été activée sur l’appareil « { $detail } ». Désormais, chaque connexion demande son code, ou l’un des codes de secours affichés à ce moment-là.
notice-totp-off-subject = { $brand } : application d’authentification désactivée
notice-totp-off = L’application d’authentification a été désactivée. Son code n’est plus demandé, et les codes de secours ne fonctionnent plus.
notice-totp-off-by-support = Notre support a désactivé l’application d’authentification, à la demande du titulaire du compte. Son code n’est plus demandé, et les codes de secours ne fonctionnent plus. Vous pouvez réinstaller une application depuis la page de sécurité de votre compte.
notice-device-added-subject = { $brand } : un autre appareil a été ajouté
notice-device-added = L’appareil « { $detail } » a été ajouté : désormais, les codes de son application ouvrent aussi le compte.
notice-device-removed-subject = { $brand } : un appareil a été retiré
notice-device-removed = L’appareil « { $detail } » a été retiré : les codes de son application ne fonctionnent plus. Les autres appareils et les codes de secours continuent de fonctionner.
notice-backup-renewed-subject = { $brand } : nouveaux codes de secours
notice-backup-renewed = De nouveaux codes de secours ont été créés. Les anciens ne fonctionnent plus.
notice-backup-used-subject = { $brand } : un code de secours a servi
notice-backup-used = { $left ->
    [0] Quelqu’un s’est connecté avec un code de secours à la place du code de l’application. C’était le dernier : créez-en de nouveaux sur la page de sécurité de votre compte, sinon un téléphone perdu vous empêcherait d’entrer.
    [one] Quelqu’un s’est connecté avec un code de secours à la place du code de l’application. Il en reste { $left } : créez-en de nouveaux sur la page de sécurité de votre compte.
   *[other] Quelqu’un s’est connecté avec un code de secours à la place du code de l’application. Il en reste { $left }.
}
notice-backup-few = Créez-en de nouveaux sur la page de sécurité de votre compte avant qu’ils ne soient épuisés.
notice-address-added-subject = { $brand } : une adresse e-mail a été ajoutée
notice-address-added = L’adresse { $detail } a été ajoutée : les codes de connexion et les avertissements y arrivent aussi désormais.
notice-address-removed-subject = { $brand } : une adresse e-mail a été retirée
notice-address-removed = L’adresse { $detail } a été retirée : les codes de connexion et les avertissements n’y arrivent plus.
notice-new-network-subject = { $brand } : connexion depuis un nouveau réseau
notice-new-network = Quelqu’un s’est connecté à votre compte depuis un réseau qui n’avait encore jamais servi, et l’a confirmé par un code. Ce réseau est maintenant reconnu : aucun code n’y est plus demandé, sauf si une application protège le compte.
notice-factor-failed-subject = { $brand } : codes erronés après votre mot de passe
notice-factor-failed = Quelqu’un a saisi le bon mot de passe de votre compte, puis seulement des codes erronés. Personne n’est entré, et la connexion depuis ce réseau est bloquée pour l’instant. Si ce n’est pas vous, quelqu’un connaît votre mot de passe.
notice-reported-subject = { $brand } : « Ce n’était pas moi » signalé pour votre compte
notice-reported = Une personne qui reçoit nos e-mails nous a signalé, depuis le réseau et le navigateur ci-dessous, que ceci ne venait pas d’elle : « { $event } ». Toutes les sessions du compte ont donc été fermées, les connexions depuis le réseau cité dans cet e-mail sont bloquées, et un code est demandé à chaque connexion jusqu’à l’intervention du support.
notice-reported-next-heading = Que faire maintenant ?
notice-reported-next = Changez votre mot de passe : tapez vous-même { $host } dans votre navigateur. Passez un antivirus à jour sur vos appareils, et vérifiez que personne d’autre ne lit votre messagerie. Cherchez ensuite des commandes que vous n’avez pas faites et des changements dans vos coordonnées. Dans le doute, contactez le support.
