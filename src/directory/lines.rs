//! Line numbers for byte offsets.

/// Counts lines along a text, so that a file of accounts is gone through once.
pub(super) struct Lines<'a> {
    bytes: &'a [u8],
    offset: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    /// A text's lines.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, offset: 0, line: 1 }
    }

    /// The line, from 1, in which `offset` lies.
    pub(super) fn line_at(&mut self, offset: usize) -> u64 {
        if offset < self.offset {
            (self.offset, self.line) = (0, 1);
        }
        let passed = self.bytes.get(self.offset..offset).unwrap_or_default();
        self.line += passed.iter().map(|b| u64::from(*b == b'\n')).sum::<u64>();
        self.offset = offset;
        self.line
    }

    /// The line, from 1, of the first byte at or after `offset` that isn't a line's end.
    pub(super) fn line_with_content_at(&mut self, offset: usize) -> u64 {
        let rest = self.bytes.get(offset..).unwrap_or_default();
        self.line_at(offset + rest.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count())
    }
}
