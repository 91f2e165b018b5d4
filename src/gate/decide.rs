//! The decision: what happens with a request (DESIGN R4, R5).

use http::Method;

use crate::login::{Door, DoorKind, Form};

use super::doors::Here;
use super::knock::{Knock, knock, needs_body};
use super::profile::PanelProfile;
use super::target::Target;

/// Where the browser stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No live gate session.
    Anonymous,
    /// The panel accepted the password; a code is awaited.
    Pending,
    /// A cleared session, on a network that its account is known on.
    Cleared,
    /// A cleared session that turned up on an unknown network: a code is awaited.
    Elsewhere,
}

/// How the caller wants to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A browser that shows a page.
    Navigation,
    /// A script, a program, a websocket: a status and a JSON problem.
    Script,
}

/// A request as the gate judges it. Everything in it is byte for byte what would be forwarded.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Method.
    pub method: &'a Method,
    /// Canonical target.
    pub target: &'a Target<'a>,
    /// Where the browser stands.
    pub standing: Standing,
    /// Whether a body follows the header (any `Content-Length` above zero, or chunks).
    pub has_body: bool,
    /// The body's length, if it was told.
    pub body_length: Option<u64>,
    /// Whether the connection is to be upgraded (a websocket).
    pub upgrade: bool,
}

/// Proof that the gate let a request pass. Only this module makes one; what sends requests upstream
/// asks for it.
#[derive(Debug, PartialEq, Eq)]
pub struct Permit {
    passage: Passage,
    scan: bool,
}

/// What a permit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// A cleared session's request.
    Cleared,
    /// Anybody's GET or HEAD of a public path.
    Public,
    /// A door's post, relayed by the gate itself.
    Door,
    /// A door for programs that the operator opened: with its own credentials, without the panel's
    /// cookies.
    Open,
    /// A request of the gate's own: a probe, a logout.
    Own,
}

impl Permit {
    /// What it's for.
    pub fn passage(&self) -> Passage {
        self.passage
    }

    /// Whether the body must be searched for credentials while it streams, its end withheld until
    /// it's clean (R5, panels with `anywhere`).
    pub fn scans_body(&self) -> bool {
        self.scan
    }

    /// For a request of the gate's own making: a probe or a logout, with a jar that the panel gave
    /// for this very login.
    pub fn own() -> Self {
        Self { passage: Passage::Own, scan: false }
    }

    const fn of(passage: Passage) -> Self {
        Self { passage, scan: false }
    }
}

/// What happens with a request.
#[derive(Debug)]
pub enum Decision<'p> {
    /// It goes up.
    Forward(Permit),
    /// Its body is read whole, and judged again with [`decide_post`].
    ReadBody,
    /// It's a way of presenting a password: relayed, and its answer withheld until the verdict.
    Door(&'p Door, Permit),
    /// It goes up, and the gate's session ends with the answer.
    Logout(Permit),
    /// It doesn't pass.
    Deny(Denial),
}

/// Why a request doesn't pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// Nobody is logged in: to the login page.
    LogIn,
    /// A code is awaited: to the challenge.
    Challenge,
    /// A form was posted without a cleared session: verify in another tab and send again.
    Unsent,
    /// A door that is closed, or credentials outside of a watched door.
    ClosedDoor,
    /// Credentials inside a cleared session that aren't for its own account: log out first.
    LogOutFirst,
    /// The form could be read as two different ones.
    AmbiguousForm,
    /// JSON at a door whose panel reads forms only: it can't be a login (R10).
    FormOnly,
    /// The body of a door is longer than 64 KiB.
    TooLarge,
}

impl Denial {
    /// The name in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LogIn => "log-in",
            Self::Challenge => "challenge",
            Self::Unsent => "unsent",
            Self::ClosedDoor => "closed-door",
            Self::LogOutFirst => "log-out-first",
            Self::AmbiguousForm => "ambiguous-form",
            Self::FormOnly => "form-only",
            Self::TooLarge => "too-large",
        }
    }
}

/// The longest body of a door, in bytes (R10). It's also what pingora can hold back and still
/// forward.
pub const DOOR_BODY_LIMIT: usize = 64 * 1024;

/// What happens with `request`, as far as it can be told without its body.
pub fn decide<'p>(profile: &'p PanelProfile, request: Request<'_>) -> Decision<'p> {
    // What follows reads a query once for every rule; most have nothing in them that a rule asks for.
    let here = profile.doors.at(request.target.path());
    let watched = if here.is_empty() { &profile.watched.elsewhere } else { &profile.watched.at_doors };
    let bare;
    let mut request = request;
    if request.target.query().is_some_and(|query| watched.surely_not_in(query)) {
        bare = request.target.without_query();
        request.target = &bare;
    }
    if let Some(denial) = session_key_in(profile, request) {
        return Decision::Deny(denial);
    }
    if request.has_body && needs_body(&here, request.method) {
        return at_door_with_body(profile, request);
    }
    at_doors(profile, &here, request, None, profile.anywhere && request.has_body)
}

/// What happens with a request whose body was read whole. `form` is `None` when the body isn't a
/// form that a panel would parse.
pub fn decide_post<'p>(profile: &'p PanelProfile, request: Request<'_>, form: Option<&Form>) -> Decision<'p> {
    at_doors(profile, &profile.doors.at(request.target.path()), request, form, false)
}

fn at_doors<'p>(
    profile: &'p PanelProfile,
    here: &Here<'p, '_>,
    request: Request<'_>,
    form: Option<&Form>,
    scan: bool,
) -> Decision<'p> {
    match knock(here, request.method, request.target, form) {
        Knock::Ambiguous(_) => return Decision::Deny(Denial::AmbiguousForm),
        Knock::Door(door) => return through(profile, door, request, form),
        Knock::ClosedPath { credentials: true, .. } => return Decision::Deny(Denial::ClosedDoor),
        Knock::ClosedPath { credentials: false, .. } | Knock::None => {}
    }
    if credentials_in(profile, request, form) {
        return Decision::Deny(Denial::ClosedDoor);
    }
    match request.standing {
        Standing::Cleared => Decision::Forward(Permit { passage: Passage::Cleared, scan }),
        standing => uncleared(profile, request, standing),
    }
}

/// A body for a door's path: read whole if it may be the door's, streamed and searched if it's a
/// cleared session's on a panel whose one script is everything.
fn at_door_with_body<'p>(profile: &PanelProfile, request: Request<'_>) -> Decision<'p> {
    let fits = request.body_length.is_some_and(|length| length <= DOOR_BODY_LIMIT as u64);
    let streams = request.standing == Standing::Cleared && profile.anywhere;
    match (fits, streams) {
        (false, true) => Decision::Forward(Permit { passage: Passage::Cleared, scan: true }),
        (false, false) if request.body_length.is_some() => Decision::Deny(Denial::TooLarge),
        _ => Decision::ReadBody,
    }
}

fn through<'p>(profile: &PanelProfile, door: &'p Door, request: Request<'_>, form: Option<&Form>) -> Decision<'p> {
    let cleared = request.standing == Standing::Cleared;
    let relayed = matches!(door.kind, DoorKind::Login | DoorKind::Reset | DoorKind::Register);
    if relayed && !door.json && form.is_some_and(Form::is_json) {
        return Decision::Deny(Denial::FormOnly);
    }
    match door.kind {
        DoorKind::Login => Decision::Door(door, Permit::of(Passage::Door)),
        // Resets and registrations are for who isn't logged in: in a cleared session they could
        // bring another account in.
        DoorKind::Reset | DoorKind::Register if cleared => Decision::Deny(Denial::LogOutFirst),
        DoorKind::Reset | DoorKind::Register => Decision::Door(door, Permit::of(Passage::Door)),
        DoorKind::Api if door.open => Decision::Forward(Permit::of(Passage::Open)),
        DoorKind::Api => Decision::Deny(Denial::ClosedDoor),
        DoorKind::Password | DoorKind::Logout if credentials_in(profile, request, form) => {
            Decision::Deny(Denial::ClosedDoor)
        }
        DoorKind::Password if cleared => Decision::Forward(Permit::of(Passage::Cleared)),
        DoorKind::Logout if cleared => Decision::Logout(Permit::of(Passage::Cleared)),
        DoorKind::Password | DoorKind::Logout => uncleared(profile, request, request.standing),
    }
}

/// R4: a GET or HEAD without a body of a public path, or an answer of the gate.
fn uncleared<'p>(profile: &PanelProfile, request: Request<'_>, standing: Standing) -> Decision<'p> {
    let reads = matches!(*request.method, Method::GET | Method::HEAD) && !request.has_body && !request.upgrade;
    let public = || profile.public.iter().any(|pattern| pattern.matches(request.target.path(), &profile.scripts));
    if reads && public() {
        return Decision::Forward(Permit::of(Passage::Public));
    }
    Decision::Deny(match standing {
        _ if !reads && !request.upgrade && *request.method != Method::OPTIONS => Denial::Unsent,
        Standing::Pending | Standing::Elsewhere => Denial::Challenge,
        Standing::Anonymous | Standing::Cleared => Denial::LogIn,
    })
}

/// A session id in the query is somebody's session without its cookie.
fn session_key_in(profile: &PanelProfile, request: Request<'_>) -> Option<Denial> {
    if request.target.query().is_none() || profile.session_keys.is_empty() {
        return None;
    }
    let carried = request.target.query_pairs().any(|pair| profile.session_keys.iter().any(|key| pair.meets(key)));
    carried.then_some(Denial::ClosedDoor)
}

/// Whether a login door's user name and password are both in the query or the form of a request
/// that isn't for a watched door, on panels that take them anywhere. (At a login's own path
/// [`knock`] says so for every panel.)
fn credentials_in(profile: &PanelProfile, request: Request<'_>, form: Option<&Form>) -> bool {
    if !profile.anywhere || (request.target.query().is_none() && form.is_none()) {
        return false;
    }
    let carries = |field: &str| {
        request.target.query_pairs().any(|pair| pair.meets(field))
            || form.is_some_and(|form| form.fields().any(|pair| pair.meets(field)))
    };
    profile.doors.iter().filter(|door| door.kind == DoorKind::Login).any(|door| {
        match (&door.username, &door.password) {
            (Some(username), Some(password)) => carries(username) && carries(password),
            _ => false,
        }
    })
}
