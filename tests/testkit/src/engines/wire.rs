//! A network between two machines: each byte takes half a round trip, and it can be cut.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes that are read at a time.
const PIECE: usize = 64 << 10;
/// Pieces on their way in one direction of a connection: a gigabyte a second for 50 ms.
const PIECES: usize = 1024;
/// How long the far end may take to accept a connection.
const DEADLINE: Duration = Duration::from_secs(10);

/// Where a wire leads.
#[derive(Clone, Debug)]
pub enum FarEnd {
    /// An address of this machine.
    Tcp(SocketAddr),
    /// A unix socket: it leads into another network namespace too.
    Unix(PathBuf),
}

/// What becomes of a new connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NewConnections {
    /// It leads to the far end.
    #[default]
    Carry,
    /// It is closed at once.
    Close,
    /// Nothing is ever said on it.
    Silence,
    /// It is answered with what is no HTTP, and stays open.
    Garbage,
    /// No byte will come, but those that are sent are read: it is closed in one direction.
    HalfClose,
}

/// A wire with an end on this machine. Its connections are cut when this goes.
///
/// A round trip is added to what there is, to the first bytes of a connection once more, for the connection itself. Unlike the
/// kernel's own (`tc netem`) it needs no rights, and no module that a kernel may lack; a lost packet is a stall.
#[derive(Debug)]
pub struct Wire {
    address: SocketAddr,
    state: Arc<WireState>,
}

#[derive(Debug)]
struct WireState {
    far: FarEnd,
    /// Nanoseconds.
    round_trip: AtomicU64,
    has_ended: AtomicBool,
    is_stalled: Mutex<bool>,
    moves_again: Condvar,
    new_connections: Mutex<NewConnections>,
    connections: Mutex<Vec<Connection>>,
    bytes: AtomicU64,
    accepted: AtomicU64,
}

#[derive(Debug)]
struct Connection {
    near: TcpStream,
    /// Where it leads anywhere.
    far: Option<FarStream>,
}

impl Wire {
    /// A wire to this end.
    ///
    /// # Panics
    /// If there is no port for it.
    #[must_use]
    pub fn to(far: FarEnd, round_trip: Duration) -> Wire {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there are ports");
        let address = listener.local_addr().expect("it has an address");
        let state = Arc::new(WireState {
            far,
            round_trip: AtomicU64::default(),
            has_ended: AtomicBool::default(),
            is_stalled: Mutex::default(),
            moves_again: Condvar::default(),
            new_connections: Mutex::default(),
            connections: Mutex::default(),
            bytes: AtomicU64::default(),
            accepted: AtomicU64::default(),
        });
        let wire = Wire { address, state: Arc::clone(&state) };
        wire.set_round_trip(round_trip);
        thread::spawn(move || accept(&listener, &state));
        wire
    }

    /// `http://HOST:PORT` of its end on this machine.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes how long a byte and the answer to it take together.
    pub fn set_round_trip(&self, round_trip: Duration) {
        let nanoseconds = u64::try_from(round_trip.as_nanos()).expect("no wire is so long");
        self.state.round_trip.store(nanoseconds, Ordering::Relaxed);
    }

    /// Cuts all connections. New ones can be made.
    pub fn cut(&self) {
        let connections = std::mem::take(&mut *self.state.lock(&self.state.connections));
        connections.iter().for_each(Connection::close);
    }

    /// Says what becomes of new connections; those that are there go on.
    pub fn on_connect(&self, what: NewConnections) {
        *self.state.lock(&self.state.new_connections) = what;
    }

    /// Keeps all bytes back, or no more.
    pub fn stall(&self, stall: bool) {
        *self.state.lock(&self.state.is_stalled) = stall;
        self.state.moves_again.notify_all();
    }

    /// Bytes that were moved, both ways.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.state.bytes.load(Ordering::Relaxed)
    }

    /// Connections that were made.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.state.accepted.load(Ordering::Relaxed)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.state.has_ended.store(true, Ordering::Relaxed);
        self.stall(false);
        self.cut();
        // The thread that accepts sees the flag.
        let _ = TcpStream::connect_timeout(&self.address, DEADLINE);
    }
}

impl WireState {
    fn lock<'a, T>(&self, mutex: &'a Mutex<T>) -> std::sync::MutexGuard<'a, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn one_way(&self) -> Duration {
        Duration::from_nanos(self.round_trip.load(Ordering::Relaxed) / 2)
    }

    fn wait_while_stalled(&self) {
        let mut stalled = self.lock(&self.is_stalled);
        while *stalled {
            stalled = self.moves_again.wait(stalled).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn accept(listener: &TcpListener, state: &Arc<WireState>) {
    for near in listener.incoming() {
        if state.has_ended.load(Ordering::Relaxed) {
            return;
        }
        let Ok(near) = near else { continue };
        state.accepted.fetch_add(1, Ordering::Relaxed);
        let what = *state.lock(&state.new_connections);
        // A far end that is not there closes the near one.
        let _ = match what {
            NewConnections::Carry => connect(near, state),
            NewConnections::Close => Ok(()),
            NewConnections::Silence | NewConnections::Garbage | NewConnections::HalfClose => {
                break_off(near, what, state)
            }
        };
    }
}

/// What is no HTTP of any version.
const GARBAGE: &[u8] = b"\x00\xff what did you say? \r\n\r\n\x17\x03\x03 nothing of this is HTTP \n";

/// Keeps a connection that leads nowhere.
fn break_off(mut near: TcpStream, what: NewConnections, state: &Arc<WireState>) -> io::Result<()> {
    state.lock(&state.connections).push(Connection { near: near.try_clone()?, far: None });
    match what {
        NewConnections::Garbage => near.write_all(GARBAGE)?,
        NewConnections::HalfClose => near.shutdown(Shutdown::Write)?,
        _ => {}
    }
    thread::spawn(move || io::copy(&mut near, &mut io::sink()));
    Ok(())
}

/// Joins a connection to one of the far end.
fn connect(near: TcpStream, state: &Arc<WireState>) -> io::Result<()> {
    near.set_nodelay(true)?;
    let far = FarStream::connect(&state.far)?;
    let again = || io::Result::Ok(Connection { near: near.try_clone()?, far: Some(far.try_clone()?) });
    let (connection, close) = (again()?, Arc::new(again()?));
    state.lock(&state.connections).push(connection);
    // The connection itself takes a round trip, of which the first bytes wait for the half that is not theirs.
    let extra = 2 * state.one_way();
    carry(Box::new(near.try_clone()?), Box::new(far.try_clone()?), extra, &close, state);
    carry(Box::new(far), Box::new(near), Duration::ZERO, &close, state);
    Ok(())
}

/// Carries bytes one way: one thread reads them, another writes them when it is time.
fn carry(
    mut from: Box<dyn Read + Send>,
    to: Box<dyn Write + Send>,
    extra: Duration,
    connection: &Arc<Connection>,
    state: &Arc<WireState>,
) {
    let (sender, receiver) = sync_channel(PIECES);
    let (state, connection) = (Arc::clone(state), Arc::clone(connection));
    let first = Instant::now() + extra;
    let reading = Arc::clone(&state);
    thread::spawn(move || read(&mut *from, &sender, first, &reading));
    thread::spawn(move || {
        // An end that is closed closes the other one.
        let _ = write(to, &receiver, &state);
        connection.close();
    });
}

/// A piece, and when it arrives.
type Piece = (Instant, Vec<u8>);

fn read(from: &mut dyn Read, sender: &SyncSender<Piece>, first: Instant, state: &WireState) {
    let mut bytes = vec![0; PIECE];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        state.bytes.fetch_add(count as u64, Ordering::Relaxed);
        let arrives = Instant::now().max(first) + state.one_way();
        if sender.send((arrives, bytes[..count].to_vec())).is_err() {
            return;
        }
    }
}

fn write(mut to: Box<dyn Write + Send>, receiver: &Receiver<Piece>, state: &WireState) -> io::Result<()> {
    for (arrives, bytes) in receiver {
        thread::sleep(arrives.saturating_duration_since(Instant::now()));
        state.wait_while_stalled();
        to.write_all(&bytes)?;
    }
    Ok(())
}

impl Connection {
    fn close(&self) {
        let _ = self.near.shutdown(Shutdown::Both);
        let _ = self.far.as_ref().map(FarStream::shutdown);
    }
}

#[derive(Debug)]
enum FarStream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl FarStream {
    fn connect(far: &FarEnd) -> io::Result<FarStream> {
        match far {
            FarEnd::Tcp(address) => {
                let stream = TcpStream::connect_timeout(address, DEADLINE)?;
                stream.set_nodelay(true)?;
                Ok(FarStream::Tcp(stream))
            }
            FarEnd::Unix(path) => UnixStream::connect(path).map(FarStream::Unix),
        }
    }

    fn try_clone(&self) -> io::Result<FarStream> {
        match self {
            FarStream::Tcp(stream) => stream.try_clone().map(FarStream::Tcp),
            FarStream::Unix(stream) => stream.try_clone().map(FarStream::Unix),
        }
    }

    fn shutdown(&self) -> io::Result<()> {
        match self {
            FarStream::Tcp(stream) => stream.shutdown(Shutdown::Both),
            FarStream::Unix(stream) => stream.shutdown(Shutdown::Both),
        }
    }
}

impl Read for FarStream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            FarStream::Tcp(stream) => stream.read(bytes),
            FarStream::Unix(stream) => stream.read(bytes),
        }
    }
}

impl Write for FarStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            FarStream::Tcp(stream) => stream.write(bytes),
            FarStream::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
