//! The QR code of an enrolment, drawn here: nobody else is asked to draw a secret.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

/// Modules of silence around the code (ISO/IEC 18004 §9.1).
const QUIET: usize = 4;

/// `text` as an SVG without styles of its own (the gate's pages allow none inline): classes `qr`,
/// `qr-light`, `qr-dark`. Dark modules of a row that touch are one stroke. Empty if the text is too
/// long for a QR code: it stands beside as a link and as letters.
pub(super) fn svg(text: &str) -> String {
    // The most redundancy that still fits; a screen needs little.
    let levels = [EcLevel::M, EcLevel::L];
    let Some(code) = levels.iter().find_map(|level| QrCode::with_error_correction_level(text, *level).ok()) else {
        return String::new();
    };
    let width = code.width();
    let mut path = String::with_capacity(width * width * 4);
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, other| one == other) {
            if run.first() == Some(&Color::Dark) {
                // Writing into a string never fails.
                let _ = write!(path, "M{} {}h{length}v1h-{length}z", x + QUIET, y + QUIET, length = run.len());
            }
            x += run.len();
        }
    }
    let whole = width + 2 * QUIET;
    format!(
        "<svg class=\"qr\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {whole} {whole}\" \
         shape-rendering=\"crispEdges\" aria-hidden=\"true\" focusable=\"false\">\
         <rect class=\"qr-light\" fill=\"#fff\" width=\"{whole}\" height=\"{whole}\"/>\
         <path class=\"qr-dark\" fill=\"#000\" d=\"{path}\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dark_module_is_drawn_once() {
        let text = "otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example";
        let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        let dark = code.to_colors().iter().filter(|color| **color == Color::Dark).count();
        let drawn = svg(text);
        let strokes: usize = drawn
            .split(" d=\"")
            .nth(1)
            .unwrap()
            .split('M')
            .skip(1)
            .map(|stroke| stroke.split('h').nth(1).unwrap().split('v').next().unwrap().parse::<usize>().unwrap())
            .sum();
        assert_eq!(strokes, dark);
        assert!(!drawn.contains("style"), "{drawn}");
        assert_eq!(svg(&"x".repeat(5000)), "");
    }
}
