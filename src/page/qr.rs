//! The QR code of an `otpauth://` link, as an SVG that stands in the page itself.
//!
//! It's made here and nowhere else, since it holds the secret. Colours are plain attributes, so that
//! neither the content security policy nor dark mode takes the contrast away that cameras need, and
//! the light margin that the standard asks for is part of it.

use qrcode::{Color, EcLevel, QrCode};

/// Light modules around the code (ISO/IEC 18004 §6.3.8).
const QUIET: usize = 4;

/// The QR code of a text as an `<svg>`, to be put into a page as it is: nothing of the text stands
/// in it as text. The page's template says what it shows. `None` if the text is too long for any.
pub fn qr_svg(text: &str) -> Option<String> {
    // M: 15 % may be lost to a scratched or reflecting screen, and the modules stay large.
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let (width, colors) = (code.width(), code.to_colors());
    let side = width + 2 * QUIET;
    let mut path = String::with_capacity(colors.len() * 6);
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        while let Some(ahead) = row.get(x..).filter(|ahead| !ahead.is_empty()) {
            let dark = |color: &&Color| **color == Color::Dark;
            let run = ahead.iter().take_while(dark).count();
            if run > 0 {
                path.push_str(&format!("M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET));
            }
            x += run.max(1);
        }
    }
    Some(format!(
        "<svg class=\"qr\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" width=\"240\" \
         height=\"240\" shape-rendering=\"crispEdges\" aria-hidden=\"true\" focusable=\"false\">\
         <path class=\"qr-paper\" fill=\"#ffffff\" d=\"M0 0h{side}v{side}h-{side}z\"/>\
         <path class=\"qr-ink\" fill=\"#000000\" d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use scraper::{Html, Selector};

    use super::*;

    const LINK: &str = "otpauth://totp/Espace%20client%20Exemple:alice%40example.test\
                        ?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Espace%20client%20Exemple";

    /// Draws the SVG as a browser would, `scale` pixels a module, and reads it as a phone would.
    fn scanned(svg: &str, scale: usize) -> String {
        let dom = Html::parse_fragment(svg);
        let one = |css: &str| dom.select(&Selector::parse(css).unwrap()).next().unwrap();
        let side: usize = one("svg").attr("viewBox").unwrap().split(' ').next_back().unwrap().parse().unwrap();
        let mut dark = vec![false; side * side];
        for run in one(".qr-ink").attr("d").unwrap().split('M').filter(|run| !run.is_empty()) {
            let (x, rest) = run.split_once(' ').unwrap();
            let (y, rest) = rest.split_once('h').unwrap();
            let (length, rest) = rest.split_once('v').unwrap();
            assert_eq!(rest, format!("1h-{length}z"), "a rectangle, one module high");
            let [x, y, length] = [x, y, length].map(|n| n.parse::<usize>().unwrap());
            dark[y * side + x..y * side + x + length].fill(true);
        }
        for at in 0..side {
            for edge in 0..QUIET {
                for (x, y) in [(at, edge), (at, side - 1 - edge), (edge, at), (side - 1 - edge, at)] {
                    assert!(!dark[y * side + x], "the margin is light");
                }
            }
        }
        let luma = |x: usize, y: usize| if dark[y / scale * side + x / scale] { 0 } else { 255 };
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(side * scale, side * scale, luma);
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1, "one code is found");
        grids[0].decode().unwrap().1
    }

    #[test]
    fn b67_a_phone_reads_what_was_written() {
        assert_eq!(scanned(&qr_svg(LINK).unwrap(), 4), LINK);
        let long = format!("{LINK}&account={}", "x".repeat(600));
        assert_eq!(scanned(&qr_svg(&long).unwrap(), 4), long);
    }

    #[test]
    fn the_svg_holds_under_the_pages_policy_and_tells_nothing_as_text() {
        let svg = qr_svg("<script>&\"'otpauth://").unwrap();
        assert_eq!(scanned(&svg, 4), "<script>&\"'otpauth://");
        for never in ["style", "script", "href", "otpauth", "&"] {
            assert!(!svg.contains(never), "{never}");
        }
        assert!(svg.len() < 24_000, "{} bytes", svg.len());
        assert!(qr_svg(LINK).unwrap().len() < 48_000, "{} bytes", qr_svg(LINK).unwrap().len());
    }

    #[test]
    fn what_no_code_can_hold_gives_none() {
        assert_eq!(qr_svg(&"x".repeat(5000)), None);
    }
}
