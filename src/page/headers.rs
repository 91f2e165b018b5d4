//! The headers that every page of the gate's own leaves with.

use http::{HeaderName, HeaderValue, header};

static HEADERS: [(HeaderName, HeaderValue); 9] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; \
             frame-ancestors 'none'; base-uri 'none'",
        ),
    ),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    // Not "no-referrer": browsers then send `Origin: null` with the gate's own forms.
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), serial=(), usb=()",
        ),
    ),
    (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
];

/// The headers that every page of the gate's own leaves with, besides its content type and length:
/// nothing inline, nothing from elsewhere, no frame around it, kept by nobody.
///
/// Assets take these too, but with `Cache-Control` of their own ([`Asset`](super::Asset)).
pub fn security_headers() -> &'static [(HeaderName, HeaderValue)] {
    &HEADERS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_inline_and_nothing_from_elsewhere_may_run() {
        let policy = security_headers().iter().find(|(name, _)| name == "content-security-policy").unwrap();
        let policy = policy.1.to_str().unwrap();
        for directive in [
            "default-src 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "style-src 'self'",
        ] {
            assert!(policy.split("; ").any(|d| d == directive), "{directive}");
        }
        for allowance in ["unsafe", "data:", "http:", "https:", "*", "script-src"] {
            assert!(!policy.contains(allowance), "{allowance}");
        }
    }

    #[test]
    fn own_forms_still_send_their_origin() {
        let referrer = security_headers().iter().find(|(name, _)| name == header::REFERRER_POLICY).unwrap();
        assert_ne!(referrer.1, "no-referrer");
    }
}
