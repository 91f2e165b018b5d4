//! Who is compared, each set up to do the same: one worker, connections kept alive on both sides,
//! the four forwarded headers added, no log.

use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;

use super::poterne;
use super::process::{MEASURED, Process, free_address, is_installed, other_core, write};

/// A proxy that is running.
pub struct Contestant {
    pub name: &'static str,
    /// All that it needs; their time is added up.
    pub processes: Vec<Rc<Process>>,
    pub address: SocketAddr,
    /// The path that is asked for.
    pub path: String,
    /// The `Cookie` header of each request.
    pub cookie: String,
    /// The answer is a refusal.
    pub refuses: bool,
}

/// A cookie header of 400 bytes with six cookies, as a browser that uses a few panels has it.
pub fn usual_cookies() -> String {
    let filler = |n: usize| "0123456789abcdef".repeat(8).chars().take(n).collect::<String>();
    format!(
        "_ga={}; _gid={}; lang=fr; theme=dark; PHPSESSID={}; consent={}",
        filler(80),
        filler(60),
        filler(32),
        filler(170)
    )
}

/// Starts the panel and all contestants, or those that `only` names. The panel runs, at the address
/// that comes second, as long as what is returned first is kept.
pub fn start_all(folder: &Path, only: &[String]) -> (Process, SocketAddr, Vec<Contestant>) {
    let panel_address = free_address();
    let panel = start_nginx(folder, "panel", &other_core(), panel_address, &panel_config(folder, panel_address));
    let wanted = |name: &str| only.is_empty() || only.iter().any(|wanted| name.contains(wanted.as_str()));
    let simple = |name, processes: Vec<Process>, address| Contestant {
        name,
        processes: processes.into_iter().map(Rc::new).collect(),
        address,
        path: "/page".to_owned(),
        cookie: usual_cookies(),
        refuses: false,
    };
    let mut contestants = Vec::new();
    for (name, role) in [("bare pingora", "bare"), ("bare, with deadlines", "deadlines"), ("the front alone", "front")]
    {
        if wanted(name) {
            let address = free_address();
            let program = std::env::current_exe().expect("this program");
            let arguments =
                [&program.to_string_lossy(), "--role", role, &address.to_string(), &panel_address.to_string()];
            contestants.push(simple(name, vec![Process::start(MEASURED, &arguments, address)], address));
        }
    }
    let gate = ["poterne", "poterne: sent to login", "poterne: own page", "poterne: refusal"];
    if gate.iter().any(|name| wanted(name)) {
        let all = poterne::start(folder, panel_address, MEASURED).contestants();
        contestants.extend(all.into_iter().filter(|contestant| wanted(contestant.name)));
    }
    if wanted("nginx proxy_pass") {
        let address = free_address();
        let config = proxy_config(folder, "plain", address, panel_address, None);
        contestants.push(simple(
            "nginx proxy_pass",
            vec![start_nginx(folder, "plain", MEASURED, address, &config)],
            address,
        ));
    }
    if wanted("nginx auth_request") {
        let (address, auth_address) = (free_address(), free_address());
        let auth = auth_config(folder, auth_address);
        let config = proxy_config(folder, "auth", address, panel_address, Some(auth_address));
        let processes = vec![
            start_nginx(folder, "auth-204", MEASURED, auth_address, &auth),
            start_nginx(folder, "auth", MEASURED, address, &config),
        ];
        contestants.push(simple("nginx auth_request", processes, address));
    }
    if wanted("haproxy") {
        if is_installed("haproxy") {
            let address = free_address();
            let config = write(folder, "haproxy.cfg", &haproxy_config(address, panel_address));
            let process = Process::start(MEASURED, &["haproxy", "-q", "-db", "-f", &config], address);
            contestants.push(simple("haproxy", vec![process], address));
        } else {
            println!("haproxy isn't installed, and is left out");
        }
    }
    (panel, panel_address, contestants)
}

fn start_nginx(folder: &Path, name: &str, core: &str, address: SocketAddr, config: &str) -> Process {
    let config = write(folder, &format!("{name}.conf"), config);
    let folder = folder.to_string_lossy();
    Process::start(core, &["nginx", "-p", &folder, "-e", "stderr", "-c", &config], address)
}

fn nginx_frame(folder: &Path, name: &str, http: &str) -> String {
    let folder = folder.display();
    format!(
        "daemon off; worker_processes 1; pid {folder}/{name}.pid; error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 300s; sendfile on; tcp_nopush on;
  client_body_temp_path {folder}/{name}-body; proxy_temp_path {folder}/{name}-proxy;
  fastcgi_temp_path {folder}/{name}-fastcgi; uwsgi_temp_path {folder}/{name}-uwsgi; scgi_temp_path {folder}/{name}-scgi;
{http}
}}
"
    )
}

/// A page of 810 bytes, from memory, and a login that takes any password.
fn panel_config(folder: &Path, address: SocketAddr) -> String {
    let page = "x".repeat(810);
    nginx_frame(
        folder,
        "panel",
        &format!(
            "server {{
  listen {address};
  location / {{ default_type text/html; return 200 '{page}'; }}
  location = {} {{ add_header Set-Cookie '{}; Path=/; HttpOnly'; add_header Set-Cookie '{}; Path=/; HttpOnly'; return 302 /page; }}
}}",
            poterne::LOGIN,
            poterne::SESSION_COOKIE,
            poterne::LOGIN_COOKIE
        ),
    )
}

fn auth_config(folder: &Path, address: SocketAddr) -> String {
    nginx_frame(folder, "auth-204", &format!("server {{ listen {address}; location / {{ return 204; }} }}"))
}

fn proxy_config(folder: &Path, name: &str, address: SocketAddr, panel: SocketAddr, auth: Option<SocketAddr>) -> String {
    let (upstream, check, location) = match auth {
        Some(auth) => (
            format!("upstream auth {{ server {auth}; keepalive 64; keepalive_requests 1000000000; }}"),
            "auth_request /auth;",
            "location = /auth { internal; proxy_pass http://auth; proxy_http_version 1.1; proxy_set_header Connection '';
               proxy_pass_request_body off; proxy_set_header Content-Length ''; }",
        ),
        None => (String::new(), "", ""),
    };
    nginx_frame(
        folder,
        name,
        &format!(
            "{upstream}
upstream panel {{ server {panel}; keepalive 64; keepalive_requests 1000000000; }}
server {{
  listen {address};
  {location}
  location / {{
    {check}
    proxy_pass http://panel; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $host; proxy_set_header X-Real-IP $remote_addr;
  }}
}}"
        ),
    )
}

fn haproxy_config(address: SocketAddr, panel: SocketAddr) -> String {
    format!(
        "global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend front
  bind {address}
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Real-IP %[src]
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  default_backend panel
backend panel
  server panel {panel}
"
    )
}
