//! A stand-in for GitLab: a real server on loopback, stricter than the original.
//!
//! Most of what breaks between a client and GitLab breaks on the wire: headers, pages, redirects,
//! ranges, cut bodies, late uploads. So this speaks HTTP, on two origins: the API, and an object
//! storage that archives are redirected to. A request that no careful client would send is noted
//! as a violation.
//! Shared by tests, the demo and benchmarks; it knows nothing of the program.
#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a double for tests, and not every user needs all of it"
)]

mod auth;
mod change;
mod deliver;
mod denial;
mod dress;
mod entity;
mod fault;
mod http;
mod keys;
mod merge_request;
mod pack;
mod page;
mod proxy;
mod read;
mod route;
mod serve;
mod store;
mod tls;
mod traffic;
mod unzip;
mod world;
mod write;
mod zip;

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

pub use denial::error_case;
pub use dress::SignIn;
pub use fault::Fault;
pub use http::Reply;
pub use proxy::Proxy;
pub use store::Make;
pub use world::{World, fixtures};
pub use zip::{Packed, crc32, noise, stored};

use change::Changes;
use http::Asked;
use store::Place;
use traffic::Traffic;

/// Which of the two servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    Api,
    Store,
}

/// A request as it arrived, and what came of it.
#[derive(Debug, Clone)]
pub struct Logged {
    /// Method and whole address, signature and all.
    pub line: String,
    /// Without the prefix of the API and without signatures: what tests compare.
    pub short: String,
    pub origin: Origin,
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub connection: usize,
    pub status: u16,
    /// Bytes of the body that were sent.
    pub bytes_sent: usize,
}

impl Logged {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// A running fake; it stops when dropped.
pub struct Fake(Arc<Inner>);

#[derive(Default)]
pub struct Inner {
    state: Mutex<Option<State>>,
    faults: Mutex<Vec<Fault>>,
    log: Mutex<Vec<Logged>>,
    violations: Mutex<Vec<String>>,
    open: Mutex<BTreeMap<usize, TcpStream>>,
    connections: [AtomicUsize; 2],
    traffic: [Mutex<Traffic>; 2],
    stopping: AtomicBool,
}

/// The state that requests read and change; one at a time.
struct State {
    world: World,
    place: Place,
    changes: Changes,
}

impl Fake {
    pub fn start(world: World) -> Fake {
        let api = TcpListener::bind("127.0.0.1:0").unwrap();
        let store = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = |listener: &TcpListener| format!("http://{}", listener.local_addr().unwrap());
        let place = Place { api: origin(&api), store: origin(&store), ..Place::default() };
        let changes = Changes::new(&world.changes());
        let inner = Arc::new(Inner {
            state: Mutex::new(Some(State { world, place, changes })),
            ..Inner::default()
        });
        for (origin, listener) in [(Origin::Api, api), (Origin::Store, store)] {
            let inner = Arc::clone(&inner);
            std::thread::spawn(move || serve::listen(&inner, origin, &listener));
        }
        Fake(inner)
    }

    /// Adds a fault; of several that match, the first added counts.
    pub fn fault(&self, fault: Fault) -> &Fake {
        lock(&self.0.faults).push(fault);
        self
    }

    /// No faults from here on.
    pub fn calm(&self) {
        lock(&self.0.faults).clear();
        self.forget();
    }

    /// The root of the API, as `CI_API_V4_URL` gives it.
    pub fn api_url(&self) -> String {
        self.0.with(|state| {
            let root = state.world.setting("root").as_str().unwrap_or_default();
            format!("{}{root}/api/v4", state.place.api)
        })
    }

    pub fn api_origin(&self) -> String {
        self.0.with(|state| state.place.api.clone())
    }

    pub fn store_origin(&self) -> String {
        self.0.with(|state| state.place.store.clone())
    }

    /// A web address on this server, such as that of `shop/linebot/-/pipelines/9001`.
    pub fn web(&self, path: &str) -> String {
        let api = self.api_url();
        format!("{}/{path}", api.trim_end_matches("/api/v4"))
    }

    /// Every request in short: `GET projects/70/pipelines/9001/bridges?per_page=100`.
    pub fn requests(&self) -> Vec<String> {
        self.log().into_iter().map(|logged| logged.short).collect()
    }

    pub fn log(&self) -> Vec<Logged> {
        lock(&self.0.log).clone()
    }

    /// Begins a new log.
    pub fn forget(&self) {
        lock(&self.0.log).clear();
    }

    /// Requests that no client should have sent.
    pub fn violations(&self) -> Vec<String> {
        lock(&self.0.violations).clone()
    }

    /// The patterns of faults that never struck: a test that scripts one means it to happen.
    pub fn idle_faults(&self) -> Vec<String> {
        let faults = lock(&self.0.faults);
        faults.iter().filter(|f| f.hits == 0).map(|f| f.pattern.clone()).collect()
    }

    /// How many connections were opened to this origin.
    pub fn connections(&self, origin: Origin) -> usize {
        self.0.connections[origin as usize].load(Ordering::SeqCst)
    }

    /// Bytes of bodies sent by this origin.
    pub fn bytes_sent(&self, origin: Origin) -> usize {
        self.log().iter().filter(|l| l.origin == origin).map(|l| l.bytes_sent).sum()
    }

    /// Everything that must never be printed: tokens, and the signatures given out.
    pub fn secrets(&self) -> Vec<String> {
        self.0.with(|state| {
            let kinds = ["private", "job", "trigger"];
            let tokens = state.world.tokens();
            let tokens = tokens.flat_map(|(_, token)| kinds.map(|kind| token[kind].as_str()));
            let signatures =
                state.place.signed.keys().filter_map(|target| target.split('=').nth(1));
            tokens.flatten().chain(signatures).map(str::to_owned).collect()
        })
    }

    /// The place where the world's story begins: project, pipeline and token.
    pub fn here(&self) -> Value {
        self.0.with(|state| state.world.here().clone())
    }

    /// The secret and kind (`private`, `job` or `trigger`) of a token of the world.
    pub fn token(&self, name: &str) -> (String, String) {
        self.0.with(|state| {
            let found = state.world.tokens().find(|(known, _)| *known == name);
            let (_, token) = found.unwrap_or_else(|| panic!("the world has no token {name:?}"));
            let kind = ["private", "job", "trigger"].into_iter().find(|k| token[*k].is_string());
            let kind = kind.unwrap_or_else(|| panic!("the token {name:?} has no secret"));
            (token[kind].as_str().unwrap_or_default().to_owned(), kind.to_owned())
        })
    }

    /// Changes the world at once, as a change of its story would.
    pub fn change(&self, change: &Value) {
        self.0.with(|state| state.world.apply(change));
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.0.stopping.store(true, Ordering::SeqCst);
        let place = self.0.with(|state| std::mem::take(&mut state.place));
        for origin in [Some(place.api), Some(place.store), place.https].into_iter().flatten() {
            // A last connection wakes the listener, which then sees that it is over.
            let host = origin.split_once("://").map_or("", |(_, host)| host);
            let _ = TcpStream::connect(host);
        }
        for stream in lock(&self.0.open).values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Inner {
    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(lock(&self.state).as_mut().unwrap())
    }

    /// Returns true once the stand-in has been dropped.
    fn is_over(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    fn opened(&self, origin: Origin, stream: TcpStream) -> usize {
        self.connections[origin as usize].fetch_add(1, Ordering::SeqCst);
        let number = self.connections.iter().map(|c| c.load(Ordering::SeqCst)).sum();
        lock(&self.open).insert(number, stream);
        number
    }

    fn closed(&self, number: usize) {
        lock(&self.open).remove(&number);
    }

    fn violation(&self, what: &str) {
        lock(&self.violations).push(what.to_owned());
    }

    /// The request without what differs from run to run.
    fn short(&self, origin: Origin, asked: &Asked) -> String {
        let target = match origin {
            Origin::Store => asked.path().trim_start_matches('/').to_owned(),
            Origin::Api => match asked.target.split_once("/api/v4/") {
                Some((_, rest)) => rest.to_owned(),
                None => asked.target.clone(),
            },
        };
        format!("{} {target}", asked.method)
    }

    fn fault_for(&self, origin: Origin, asked: &Asked) -> Option<Fault> {
        let line = self.short(origin, asked);
        let under_way = self.under_way(origin);
        let mut faults = lock(&self.faults);
        faults.iter_mut().find_map(|fault| fault.hits(&line, under_way).then(|| fault.clone()))
    }

    /// Returns the world's answer; the world changes afterwards, if that was due.
    fn answer(&self, origin: Origin, asked: &Asked) -> Reply {
        let line = self.short(origin, asked);
        let (reply, broken) = self.with(|state| {
            let State { world, place, changes } = state;
            let answered = match origin {
                Origin::Api => route::answer(world, place, asked),
                Origin::Store => route::answer_storage(world, place, asked),
            };
            for change in changes.due(&line) {
                world.apply(&change);
            }
            answered
        });
        for what in broken {
            self.violation(&format!("{line}: {what}"));
        }
        let coding = self.with(|state| state.world.setting("content_encoding").clone());
        let packable = origin == Origin::Api && ![204, 206].contains(&reply.status);
        match coding.as_str().filter(|_| packable) {
            Some(coding) => reply.encoded(coding),
            None => reply,
        }
    }

    /// Puts real addresses into a scripted redirect.
    fn filled_in(&self, mut reply: Reply, asked: &Asked) -> Reply {
        let (api, store, root) = self.with(|state| {
            let root = state.world.setting("root").as_str().unwrap_or_default().to_owned();
            (state.place.api.clone(), state.place.store.clone(), root)
        });
        for (_, value) in &mut reply.headers {
            *value = value
                .replace("{web}", &format!("{api}{root}"))
                .replace("{api}", &api)
                .replace("{store}", &store)
                .replace("{self}", &asked.target);
        }
        // A list that goes on and on has another row on each page.
        let query = asked.query().unwrap_or_default();
        if let Some((_, page)) = query.iter().find(|(name, _)| name == "page") {
            let next = page.parse().map_or(0, |page: u64| page + 1).to_string();
            for (_, value) in &mut reply.headers {
                *value = value.replace("{next}", &next);
            }
            if memchr::memmem::find(reply.body(), b"{page}").is_some() {
                let body = String::from_utf8_lossy(reply.body()).replace("{page}", page);
                (reply.span, reply.bytes) = (0..body.len(), Arc::new(body.into_bytes()));
            }
        }
        reply
    }

    /// Writes a request down and returns its place in the log.
    fn log(&self, origin: Origin, connection: usize, asked: Asked, status: u16) -> usize {
        let short = self.short(origin, &asked);
        let line = format!("{} {}", asked.method, asked.target);
        let body = String::from_utf8_lossy(&asked.body).into_owned();
        let headers = asked.headers;
        let mut log = lock(&self.log);
        log.push(Logged { line, short, origin, headers, body, connection, status, bytes_sent: 0 });
        log.len() - 1
    }

    fn sent(&self, entry: usize, bytes: usize) {
        if let Some(logged) = lock(&self.log).get_mut(entry) {
            logged.bytes_sent += bytes;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
