//! Cases: honest requests, bent in the ways that attacks bend them.

use rand::{Rng, RngExt};

use super::pick;

/// The fields that are asked for.
pub const WANTED: [&str; 4] = ["log", "pwd", "user_name", "login[user]"];

/// Pieces that somebody's parser treats in its own way.
const NASTY: &[&[u8]] = &[
    b"+",
    b" ",
    b"%20",
    b"%00",
    b".",
    b"%2e",
    b"[",
    b"%5b",
    b"]",
    b"%5D",
    b"[]",
    b"[x]",
    b"[user]",
    b"_",
    b"%09",
    b"%0a",
    b"%0b",
    b"%",
    b"%6",
    b"%zz",
    b"%u006c",
    b"\xc3\xa9",
    b"%c3%a9",
    b"\xff",
    b"%ff",
    b"%c0%80",
    b"'",
    b"\"",
    b"%22",
    b"%26",
    b"%3d",
    b"%3B",
    b";",
    b"&",
    b"=",
    b"-",
    b"\t",
    b"%7f",
    b"%25",
    b"%2520",
    b"GLOBALS",
    b"this",
    b"?",
];

const VALUES: &[&[u8]] = &[
    b"alice",
    b"bob",
    b"",
    b"al%69ce",
    b"a+b",
    b"a%20b",
    b"%",
    b"%zz",
    b"%00x",
    b"%ff",
    b"a;b",
    b"a=b",
    b"a;log=bob",
    b"caf%c3%a9",
    b"%26",
    b"a%3Db",
    b"\xe9",
    b" alice ",
    b"alice%0d%0a",
    b"[]",
];

/// A query or form body.
pub fn urlencoded(rng: &mut impl Rng) -> Vec<u8> {
    let mut pairs: Vec<Vec<u8>> = Vec::new();
    if rng.random_ratio(1, 400) {
        // Around PHP's limit of 1000.
        pairs.extend(vec![b"z=1".to_vec(); rng.random_range(994..=1003)]);
    }
    for _ in 0..rng.random_range(0..6) {
        let mut pair = name(rng);
        if !rng.random_ratio(1, 15) {
            pair.push(b'=');
            pair.extend_from_slice(pick(rng, VALUES));
        }
        let at = rng.random_range(0..=pairs.len());
        pairs.insert(at, pair);
    }
    let mut body = Vec::new();
    for pair in pairs {
        if !body.is_empty() || rng.random_ratio(1, 20) {
            body.extend_from_slice(if rng.random_ratio(1, 25) { pick(rng, &[b"&&", b";", b"?"]) } else { b"&" });
        }
        body.extend(pair);
    }
    // parse_str ends at a raw NUL; forms with one are sent to the server.
    body.retain(|byte| *byte != 0);
    body
}

/// A field's name, respelt up to three times.
fn name(rng: &mut impl Rng) -> Vec<u8> {
    let mut name =
        pick(rng, &["log", "pwd", "user_name", "login[user]", "login[pass]", "login", "a"]).as_bytes().to_vec();
    for _ in 0..[0, 0, 1, 1, 2, 3][rng.random_range(0..6)] {
        bend(rng, &mut name, NASTY);
    }
    if rng.random_ratio(1, 300) {
        name.extend(b"[k]".repeat(rng.random_range(60..70)));
    }
    name
}

/// Changes a text at one place.
fn bend(rng: &mut impl Rng, text: &mut Vec<u8>, pieces: &[&[u8]]) {
    let at = rng.random_range(0..=text.len());
    match rng.random_range(0..6) {
        0 if at < text.len() => {
            let encoded = format!("%{:02x}", text[at]);
            text.splice(at..=at, encoded.into_bytes());
        }
        1 if at < text.len() => text[at] ^= 0x20,
        2 if at < text.len() && matches!(text[at], b'_' | b'[' | b']') => {
            text[at] = *pick(rng, &[b"_", b".", b" ", b"[", b"+"]).first().unwrap();
        }
        3 => {
            // At the ends, where readers trim.
            let at = if rng.random_ratio(1, 2) { 0 } else { text.len() };
            text.splice(at..at, pick(rng, pieces).to_vec());
        }
        _ => {
            text.splice(at..at, pick(rng, pieces).to_vec());
        }
    }
}

/// A multipart body and its content type.
pub fn multipart(rng: &mut impl Rng) -> (Vec<u8>, Vec<u8>) {
    let boundary: &[u8] = pick(rng, &[b"----WebKitFormBoundaryAb12", b"xyz", b"--", b"a--a"]);
    let mut content_type = match rng.random_range(0..12) {
        0 => [b"Multipart/Form-Data; boundary=\"", boundary, b"\""].concat(),
        1 => [b"multipart/form-data; charset=utf-8; boundary=", boundary].concat(),
        2 => [b"multipart/form-data; BOUNDARY=", boundary].concat(),
        _ => [b"multipart/form-data; boundary=", boundary].concat(),
    };
    let bent = rng.random_ratio(3, 5);
    let mut body = Vec::new();
    if bent && rng.random_ratio(1, 12) {
        body.extend_from_slice(pick(rng, &[b"preamble\r\n", b"\r\n", b"\n", b" ", b"--", b"x"]));
        filler(rng, &mut body);
    }
    for _ in 0..rng.random_range(0..5) {
        part(rng, boundary, bent, &mut body);
    }
    if bent && rng.random_ratio(1, 60) {
        body = edge(rng, boundary);
    }
    body.extend([b"--", boundary, b"--\r\n"].concat());
    if bent {
        if rng.random_ratio(1, 12) {
            body.extend_from_slice(b"epilogue\r\n");
            part(rng, boundary, bent, &mut body);
        }
        for _ in 0..[0, 0, 1, 1, 2][rng.random_range(0..5)] {
            bend_multipart(rng, boundary, &mut body);
        }
        if rng.random_ratio(1, 25) {
            bend(rng, &mut content_type, &[b";", b",", b" ", b"\"", b"=", b"boundary", b"; boundary=xyz", b"x"]);
        }
    }
    // The server would take these for the end of the header.
    content_type.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
    (content_type, body)
}

fn part(rng: &mut impl Rng, boundary: &[u8], bent: bool, body: &mut Vec<u8>) {
    let mut field = pick(rng, &["log", "pwd", "user_name", "login[user]", "a"]).as_bytes().to_vec();
    if bent && rng.random_ratio(1, 4) {
        bend(rng, &mut field, NASTY);
    }
    let quote: &[u8] = if bent { pick(rng, &[b"\"", b"\"", b"\"", b"'", b""]) } else { b"\"" };
    body.extend([b"--", boundary, b"\r\n"].concat());
    if bent && rng.random_ratio(1, 10) {
        body.extend_from_slice(pick(
            rng,
            &[b"X-Y: z\r\n", b"X: --xyz\r\n", b"junk\r\n", b" x\r\n", b"Content-Type: text/plain\r\n"],
        ));
        if rng.random_ratio(1, 6) {
            filler(rng, body);
        }
    }
    let disposition: &[u8] = if bent {
        pick(
            rng,
            &[
                b"Content-Disposition: form-data; ",
                b"content-disposition:form-data;",
                b"Content-Disposition: form-data;\r\n ",
            ],
        )
    } else {
        b"Content-Disposition: form-data; "
    };
    body.extend_from_slice(disposition);
    if bent && rng.random_ratio(1, 10) {
        body.extend_from_slice(pick(
            rng,
            &[b"filename=\"f\"; ", b"name=\"a\"; ", b"x=\"'\"; ", b"y='\"; ", b";;", b"name*=utf-8''log; "],
        ));
    }
    body.extend([b"name=", quote, &field, quote].concat());
    if rng.random_ratio(1, 10) {
        body.extend_from_slice(b"; filename=\"x.txt\"\r\nContent-Type: text/plain");
    } else if bent && rng.random_ratio(1, 12) {
        body.extend_from_slice(pick(
            rng,
            &[b"; name=\"pwd\"", b"; NAME=log", b" ; x", b"; filename*=utf-8''x", b"\\", b"; filename"],
        ));
    }
    body.extend_from_slice(b"\r\n\r\n");
    body.extend_from_slice(pick(rng, VALUES));
    if rng.random_ratio(1, 100) {
        filler(rng, body);
    }
    body.extend_from_slice(b"\r\n");
}

/// Something that moves what follows to an edge of PHP's buffer of 5 KiB.
fn filler(rng: &mut impl Rng, body: &mut Vec<u8>) {
    if rng.random_ratio(1, 3) {
        let to: usize = 5120 * rng.random_range(1..=2) + rng.random_range(0..40);
        let by = to.saturating_sub(body.len()).saturating_sub(20);
        body.extend(vec![*pick(rng, &[b"x", b" ", b"-"]).first().unwrap(); by]);
    }
}

/// A field, and another one whose beginning PHP sees only because its buffer ends there: what comes
/// 5120 bytes after a line's start is a line's start again.
fn edge(rng: &mut impl Rng, boundary: &[u8]) -> Vec<u8> {
    let delimiter = [b"--", boundary].concat();
    let field = |name: &str| format!("Content-Disposition: form-data; name=\"{name}\"\r\n\r\nv\r\n").into_bytes();
    let (user, password) = (field("log"), field("pwd"));
    let after = |start: &[u8], rng: &mut dyn Rng| {
        let length: usize = 5120 * rng.random_range(1..=2) + [0, 0, 0, 1, 2, 5119][rng.random_range(0..6)];
        [start, &vec![b'x'; length.saturating_sub(start.len())]].concat()
    };
    let first = [&delimiter, b"\r\n".as_slice(), &user].concat();
    match rng.random_range(0..3) {
        // A header in a header's long line.
        0 => [first, delimiter, b"\r\n".to_vec(), after(b"X: ", rng), password].concat(),
        // A header in a boundary's long line, which a NUL ends for PHP.
        1 => [first, after(&[&delimiter, b"\0".as_slice()].concat(), rng), password].concat(),
        // A boundary in a long line of the text before the first.
        _ => [after(b"", rng), delimiter.clone(), b"\r\n".to_vec(), password, first].concat(),
    }
}

fn bend_multipart(rng: &mut impl Rng, boundary: &[u8], body: &mut Vec<u8>) {
    let at = rng.random_range(0..=body.len());
    let delimiter = [b"--", boundary].concat();
    let header = [b"\n", delimiter.as_slice(), b"\nContent-Disposition: form-data; name=pwd\n\nx\n"].concat();
    match rng.random_range(0..8) {
        0 => body.truncate(at),
        1 if at < body.len() => {
            body.remove(at);
        }
        2 => {
            body.splice(at..at, delimiter);
        }
        3 => {
            body.splice(at..at, header);
        }
        4 => {
            // Bare line feeds.
            body.retain(|byte| *byte != b'\r');
        }
        _ => {
            let pieces: &[&[u8]] = &[
                b"\r\n",
                b"\n",
                b"\r",
                b"\0",
                b" ",
                b"\t",
                b"--",
                b"\"",
                b"'",
                b"\\",
                b";",
                b":",
                b"=",
                b"name=log",
                b"\r\n\r\n",
                b"%",
                b"\x0b",
            ];
            body.splice(at..at, pick(rng, pieces).to_vec());
        }
    }
}

/// A raw target. Without line ends, which would end the request line.
pub fn target(rng: &mut impl Rng) -> Vec<u8> {
    let pieces: &[&[u8]] = &[
        b"/",
        b"/",
        b"//",
        b".",
        b"..",
        b"/.",
        b"/..",
        b"/./",
        b"/../",
        b"%2e",
        b"%2E%2e",
        b"%2f",
        b"%5c",
        b"\\",
        b"%00",
        b";",
        b";x=y",
        b"%3b",
        b"%3f",
        b"#",
        b"%23",
        b"%25",
        b"%252e",
        b"%c0%af",
        b"%ef%bc%8f",
        b"%",
        b"%6",
        b"%zz",
        b" ",
        b"%20",
        b"+",
        b"x",
        b"pub",
        b"admin",
        b"x.css",
        b"login.php",
        b".php",
        b"%09",
        b"\x80",
        b"~",
        b":",
        b"@",
        b"*",
        b"::$DATA",
        b"%7f",
        b"|",
        b"%u002e",
    ];
    let mut path = pick(
        rng,
        &["/login.php", "/login.php", "/admin/login.php", "/admin/panel.php", "/pub/x.css", "/", "/admin/", "/pub/"],
    )
    .as_bytes()
    .to_vec();
    for _ in 0..[0, 0, 0, 1, 1, 1, 2, 3][rng.random_range(0..8)] {
        bend(rng, &mut path, pieces);
    }
    if rng.random_ratio(1, 40) {
        path = [pick(rng, &[b"http://x".as_slice(), b"//x", b"x", b"@x", b"*"]), &path].concat();
    }
    if rng.random_ratio(1, 2) {
        path.push(b'?');
        let query = urlencoded(rng);
        let raw = rng.random_ratio(1, 20);
        for byte in query {
            if raw || (byte.is_ascii_graphic() && !matches!(byte, b'#' | b'"' | b'<' | b'>')) {
                path.push(byte);
            } else {
                path.extend(format!("%{byte:02X}").into_bytes());
            }
        }
    }
    path.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
    if path.is_empty() { b"/".to_vec() } else { path }
}
