//! Runs the seller alone: `SELLER_KEY=… SELLER_LISTEN=127.0.0.1:9001 cargo run -p seller-rust`.

use seller_rust::Seller;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let key = std::env::var("SELLER_KEY").unwrap_or_else(|_| "seller-key-for-trials".to_owned());
    let listen = std::env::var("SELLER_LISTEN").unwrap_or_else(|_| "127.0.0.1:9001".to_owned());
    let listener = tokio::net::TcpListener::bind(&listen).await?;
    let base = format!("http://{}", listener.local_addr()?);
    println!("listening on {base}");
    axum::serve(listener, Seller::new(&key, &base).router()).await
}
