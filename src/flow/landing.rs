//! Where a browser goes after clearance (DESIGN R7).

use crate::gate::target::Target;

/// The panel's redirect, if it leads back to the panel; else `landing`.
///
/// `location` is the panel's `Location`; `host` the `Host` that the browser uses; `target` what the
/// login was posted to, against which a relative redirect is read. The result is a path with its
/// query, never another site.
pub fn after_login(location: Option<&[u8]>, host: &str, target: &str, landing: &str) -> String {
    location
        .and_then(|location| std::str::from_utf8(location).ok())
        .and_then(|location| on_panel(location, host, target))
        .unwrap_or_else(|| landing.to_owned())
}

fn on_panel(location: &str, host: &str, target: &str) -> Option<String> {
    let base = url::Url::parse("http://panel.invalid").ok()?.join(target).ok()?;
    let wanted = base.join(location).ok()?;
    let same_place = match wanted.host_str()? {
        "panel.invalid" => true,
        other => {
            let own = host.rsplit_once(':').map_or(host, |(name, _)| name);
            // Some panels build their redirects without the port, or with their own scheme.
            other.eq_ignore_ascii_case(own.trim_matches(['[', ']'])) || other.eq_ignore_ascii_case(own)
        }
    };
    if !same_place || !matches!(wanted.scheme(), "http" | "https") || !wanted.username().is_empty() {
        return None;
    }
    let mut path = wanted.path().to_owned();
    if let Some(query) = wanted.query() {
        path.push('?');
        path.push_str(query);
    }
    // What the gate itself would refuse is no place to send anybody.
    Target::parse(path.as_bytes()).is_ok().then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_panels_redirect_counts_if_it_stays_on_the_panel() {
        let go = |location: &str| {
            after_login(Some(location.as_bytes()), "panel.example.net:8443", "/cacti/index.php?a=b", "/home")
        };
        for (location, expected) in [
            ("/cacti/graph.php?x=1", "/cacti/graph.php?x=1"),
            ("graph.php", "/cacti/graph.php"),
            ("../index.php", "/index.php"),
            ("http://panel.example.net/doku.php?id=start", "/doku.php?id=start"),
            ("https://PANEL.example.net:8443/x", "/x"),
            ("//panel.example.net/x", "/x"),
            ("//evil.example/x", "/home"),
            ("https://evil.example/x", "/home"),
            ("https://panel.example.net.evil.example/", "/home"),
            ("http://panel.example.net@evil.example/", "/home"),
            ("http://user@panel.example.net/", "/home"),
            ("javascript:alert(1)", "/home"),
            ("/\\evil.example", "/home"),
            ("", "/cacti/index.php?a=b"),
        ] {
            assert_eq!(go(location), expected, "{location}");
        }
        assert_eq!(after_login(None, "h", "/x", "/home"), "/home");
        assert_eq!(after_login(Some(b"\xff"), "h", "/x", "/home"), "/home");
    }
}
