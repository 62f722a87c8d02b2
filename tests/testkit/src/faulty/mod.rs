//! A server that does on command what servers do wrong: a proxy in front of a real one.

mod answer_body;
mod falsified;
mod fault;
mod grpc_frames;
mod proxy;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Endpoint, Server};

pub use self::fault::Fault;
use self::fault::FaultPlan;
use self::proxy::FaultyProxy;
use crate::engines::{FarEnd, Wire};

/// How long its threads may take to end.
const FAREWELL: Duration = Duration::from_millis(100);

/// A proxy for gRPC with faults. Faults of connections are those of its [`Wire`]; faults of requests are injected. It ends
/// when this goes.
#[derive(Debug)]
pub struct FaultyServer {
    wire: Wire,
    plan: Arc<Mutex<FaultPlan>>,
    // Taken out when it is dropped.
    runtime: Option<Runtime>,
}

impl FaultyServer {
    /// A server in front of the one at this URL (`http://HOST:PORT`), without a fault.
    ///
    /// # Panics
    /// If there is no port for it, or the URL is none.
    #[must_use]
    pub fn in_front_of(url: &str) -> FaultyServer {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
        let plan = Arc::<Mutex<FaultPlan>>::default();
        let upstream = Endpoint::from_shared(url.to_owned()).expect("a URL").tcp_nodelay(true);
        let proxy_plan = Arc::clone(&plan);
        let address = runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("there are ports");
            let address = listener.local_addr().expect("it has an address");
            let proxy = FaultyProxy::new(upstream.connect_lazy(), proxy_plan);
            // It ends with the runtime.
            tokio::spawn(Server::builder().serve_with_incoming(proxy, TcpListenerStream::new(listener)));
            address
        });
        FaultyServer { wire: Wire::to(FarEnd::Tcp(address), Duration::ZERO), plan, runtime: Some(runtime) }
    }

    /// `http://HOST:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        self.wire.url()
    }

    /// The wire to it, which can be slow, silent or cut.
    #[must_use]
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Has every request meet a fault. Faults that were injected before go first.
    pub fn inject(&self, fault: Fault) {
        self.plan().add(None, fault, None);
    }

    /// Has every request of a method, such as `FindMissingBlobs` or `Read`, meet a fault.
    pub fn inject_in(&self, method: &str, fault: Fault) {
        self.plan().add(Some(method), fault, None);
    }

    /// Has so many requests of a method meet a fault.
    pub fn inject_times(&self, method: &str, fault: Fault, times: u32) {
        self.plan().add(Some(method), fault, Some(times));
    }

    /// Takes all faults of requests back. What hangs goes on hanging.
    pub fn heal(&self) {
        self.plan().heal();
    }

    /// How many requests of a method came.
    #[must_use]
    pub fn requests(&self, method: &str) -> u64 {
        self.plan().requests.get(method).copied().unwrap_or_default()
    }

    /// How many requests came of each method; they are counted from zero again.
    #[must_use]
    pub fn take_requests(&self) -> BTreeMap<String, u64> {
        std::mem::take(&mut self.plan().requests)
    }

    fn plan(&self) -> MutexGuard<'_, FaultPlan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FaultyServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(FAREWELL);
        }
    }
}
