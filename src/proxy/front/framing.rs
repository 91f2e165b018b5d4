//! Where a request's body ends, byte by byte.
//!
//! pingora decodes chunks itself, leniently (it takes extensions and bare LF). Here the framing is
//! only followed, so that malformed chunks are refused and that pingora is never given a byte that
//! belongs to the next request.

use super::refusal::RefusedReason;

/// What is left of a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Framing {
    /// So many bytes.
    Length(u64),
    /// Chunks.
    Chunked(Chunk),
}

/// Where in a chunked body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Chunk {
    /// In a chunk's size, with the value and the number of digits so far.
    Size { value: u64, digits: u8 },
    /// At the LF that ends a chunk's size.
    SizeLf { value: u64 },
    /// In a chunk's data; so much of it is left, not counting its CRLF.
    Data { left: u64 },
    /// At the CR after a chunk's data.
    DataCr,
    /// At the LF after a chunk's data.
    DataLf,
    /// At the CR of the empty line that ends the body.
    EndCr,
    /// At its LF.
    EndLf,
    /// After it.
    End,
}

/// Hexadecimal digits of a chunk's size: 60 bits, more than anybody sends.
const MAX_SIZE_DIGITS: u8 = 15;

impl Framing {
    /// No body.
    pub const fn none() -> Self {
        Self::Length(0)
    }

    /// A body of so many bytes.
    pub const fn length(bytes: u64) -> Self {
        Self::Length(bytes)
    }

    /// A chunked body.
    pub const fn chunked() -> Self {
        Self::Chunked(Chunk::Size { value: 0, digits: 0 })
    }

    /// Whether nothing is left.
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Length(0) | Self::Chunked(Chunk::End))
    }

    /// Follows the framing through `bytes`; how many of them belong to this body.
    pub fn take(&mut self, bytes: &[u8]) -> Result<usize, RefusedReason> {
        match self {
            Self::Length(left) => {
                let taken = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *left -= taken as u64;
                Ok(taken)
            }
            Self::Chunked(chunk) => chunk.take(bytes),
        }
    }
}

impl Chunk {
    fn take(&mut self, bytes: &[u8]) -> Result<usize, RefusedReason> {
        let mut at = 0;
        while *self != Self::End {
            let Some(byte) = bytes.get(at).copied() else { break };
            if let Self::Data { left } = *self {
                let rest = bytes.len() - at;
                let skip = usize::try_from(left).map_or(rest, |left| left.min(rest));
                at += skip;
                *self = match left - skip as u64 {
                    0 => Self::DataCr,
                    left => Self::Data { left },
                };
                continue;
            }
            *self = self.step(byte).ok_or(RefusedReason::Chunk)?;
            at += 1;
        }
        Ok(at)
    }

    /// One byte of framing; `None` where it isn't what must be there. An extension (`;` after the
    /// size) and a trailer are refused: the panel would never see them, since pingora drops both.
    fn step(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Size { value, digits }, _) if byte.is_ascii_hexdigit() => {
                if digits == MAX_SIZE_DIGITS {
                    return None;
                }
                let digit = char::from(byte).to_digit(16)?;
                Self::Size { value: (value << 4) | u64::from(digit), digits: digits + 1 }
            }
            (Self::Size { value, digits: 1.. }, b'\r') => Self::SizeLf { value },
            (Self::SizeLf { value: 0 }, b'\n') => Self::EndCr,
            (Self::SizeLf { value }, b'\n') => Self::Data { left: value },
            (Self::DataCr, b'\r') => Self::DataLf,
            (Self::DataLf, b'\n') => Self::Size { value: 0, digits: 0 },
            (Self::EndCr, b'\r') => Self::EndLf,
            (Self::EndLf, b'\n') => Self::End,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn chunks_are_followed_to_their_end_and_not_beyond() {
        for (body, len) in [
            ("0\r\n\r\n", 5),
            ("5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1", 15),
            ("00000a\r\n0123456789\r\n000\r\n\r\n", 27),
            ("A\r\n0\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n", 20),
        ] {
            let mut framing = Framing::chunked();
            assert_eq!(framing.take(body.as_bytes()), Ok(len), "{body:?}");
            assert!(framing.is_done(), "{body:?}");
        }
    }

    #[test]
    fn malformed_chunks_are_refused() {
        for body in [
            "5;ext=1\r\nhello\r\n",
            "5 \r\nhello\r\n",
            "5\nhello\r\n",
            "5\r\nhello\n0\r\n\r\n",
            "5\r\nhelloX",
            "0x5\r\nhello\r\n",
            "+5\r\nhello\r\n",
            "-1\r\n",
            "\r\n",
            "g\r\n",
            "0\r\nTrailer: x\r\n\r\n",
            "0\r\n\n",
            "1000000000000000\r\n",
            "5\r\rhello",
        ] {
            assert_eq!(Framing::chunked().take(body.as_bytes()), Err(RefusedReason::Chunk), "{body:?}");
        }
    }

    #[test]
    fn a_length_is_a_length() {
        let mut framing = Framing::length(5);
        assert_eq!(framing.take(b"hel"), Ok(3));
        assert!(!framing.is_done());
        assert_eq!(framing.take(b"loGET"), Ok(2));
        assert!(framing.is_done());
        assert_eq!(framing.take(b"GET"), Ok(0));
        assert!(Framing::none().is_done());
    }

    proptest! {
        /// However a body arrives, its end is found at the same byte.
        #[test]
        fn the_end_doesnt_depend_on_how_a_body_arrives(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
            cuts in prop::collection::vec(1_usize..20, 0..30),
            beyond in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            let mut body = Vec::new();
            for chunk in &chunks {
                body.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                body.extend_from_slice(chunk);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(b"0\r\n\r\n");
            let len = body.len();
            body.extend_from_slice(&beyond);
            let mut framing = Framing::chunked();
            let (mut taken, mut rest) = (0, &body[..]);
            for cut in cuts.into_iter().chain([usize::MAX]) {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                let n = framing.take(piece).unwrap();
                taken += n;
                rest = after;
                if n < piece.len() { break; }
            }
            prop_assert_eq!(taken, len);
            prop_assert!(framing.is_done());
        }
    }
}
