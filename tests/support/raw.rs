//! Bytes out as they are: for requests that no library would send.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::browser::PATIENCE;
use super::page::Page;

/// A connection for one request, which should ask for `Connection: close`.
pub struct RawConnection {
    stream: TcpStream,
}

impl RawConnection {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream }
    }

    /// Sends bytes; that the other side has closed already isn't an error here.
    pub async fn write(&mut self, bytes: &[u8]) {
        let _closed = self.stream.write_all(bytes).await;
        let _closed = self.stream.flush().await;
    }

    /// Reads one answer to its end; `None` if the connection ends without one.
    pub async fn finish(mut self, target: &str) -> Option<Page> {
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(PATIENCE, self.read_all(&mut bytes)).await;
        assert!(read.is_ok(), "no end of the answer to {target}: {}", String::from_utf8_lossy(&bytes));
        parse(&bytes, target)
    }

    /// Reads to the end of the connection; how many bytes came.
    pub async fn finish_bytes(mut self) -> usize {
        let mut bytes = Vec::new();
        assert!(tokio::time::timeout(PATIENCE, self.read_all(&mut bytes)).await.is_ok(), "no end");
        bytes.len()
    }

    /// Reads to the end of the connection; what came, as text.
    pub async fn finish_text(mut self) -> String {
        let mut bytes = Vec::new();
        assert!(tokio::time::timeout(PATIENCE, self.read_all(&mut bytes)).await.is_ok(), "no end");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Reads until `needle` has come, or the connection ended; what came.
    pub async fn read_until(&mut self, needle: &str) -> String {
        let mut bytes = Vec::new();
        let reading = async {
            let mut chunk = [0; 4096];
            while !String::from_utf8_lossy(&bytes).contains(needle) {
                match self.stream.read(&mut chunk).await {
                    Ok(length) if length > 0 => bytes.extend_from_slice(&chunk[..length]),
                    _ => break,
                }
            }
        };
        assert!(tokio::time::timeout(PATIENCE, reading).await.is_ok(), "{needle} never came");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Until the end of the connection, or of an answer whose length is known.
    async fn read_all(&mut self, bytes: &mut Vec<u8>) {
        let mut chunk = vec![0; 65536];
        loop {
            match self.stream.read(&mut chunk).await {
                Ok(0) | Err(_) => return,
                Ok(length) => bytes.extend_from_slice(&chunk[..length]),
            }
        }
    }
}

fn parse(bytes: &[u8], target: &str) -> Option<Page> {
    let mut slots = [httparse::EMPTY_HEADER; 128];
    let mut answer = httparse::Response::new(&mut slots);
    let httparse::Status::Complete(head) = answer.parse(bytes).ok()? else { return None };
    let status = StatusCode::from_u16(answer.code?).ok()?;
    if status.is_informational() {
        return parse(&bytes[head..], target);
    }
    let mut headers = HeaderMap::new();
    for header in answer.headers.iter() {
        let name: HeaderName = header.name.parse().ok()?;
        headers.append(name, HeaderValue::from_bytes(header.value).ok()?);
    }
    let chunked = headers.get("transfer-encoding").is_some_and(|value| value.as_bytes().ends_with(b"chunked"));
    let body = if chunked { dechunk(&bytes[head..]) } else { bytes[head..].to_vec() };
    Some(Page { target: target.to_owned(), status, headers, body: Bytes::from(body) })
}

/// The chunks that came whole.
fn dechunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(httparse::Status::Complete((start, size))) = httparse::parse_chunk_size(bytes) {
        let end = start + usize::try_from(size).unwrap();
        let Some(chunk) = bytes.get(start..end) else { break };
        if chunk.is_empty() {
            break;
        }
        body.extend_from_slice(chunk);
        bytes = bytes.get(end + 2..).unwrap_or_default();
    }
    body
}
