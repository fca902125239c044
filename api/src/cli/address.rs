//! Addresses to listen on.

use tokio::net::TcpListener;

use super::failed::Failed;

/// Listens on `host:port`; `option` is the name of the option that it comes from.
pub async fn listen(address: &str, option: &str) -> Result<TcpListener, Failed> {
    if address.rsplit_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_err()) {
        return Err(Failed::misused(format!("{option} {address}: an address is written 127.0.0.1:8080")));
    }
    TcpListener::bind(address).await.map_err(|error| {
        Failed::wrong(format!("cannot listen on {address}: {error}"))
            .next(format!("Another address: {option} 127.0.0.1:8081; any free port: {option} 127.0.0.1:0"))
    })
}

/// The address as a browser takes it.
pub fn url(listener: &TcpListener) -> Result<String, Failed> {
    let address = listener.local_addr().map_err(|error| Failed::wrong(error.to_string()))?;
    Ok(format!("http://{address}"))
}
