//! The outgoing client checks whom it talks to: name, issuer and date of the seller's certificate.

use super::sellers::yunshi;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

pub(crate) fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server with a certificate for a name; its port, and how many requests reached it.
async fn server(authority: &CertifiedIssuer<'static, KeyPair>, name: &str, expired: bool) -> (u16, Arc<AtomicUsize>) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    if expired {
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2021, 1, 1));
    }
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let reached = Arc::new(AtomicUsize::new(0));
    let count = reached.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut buffer = [0; 16_384];
            if matches!(stream.read(&mut buffer).await, Ok(n) if n > 0) {
                count.fetch_add(1, Ordering::SeqCst);
                let body = r#"{"resultCode":"000005","resultMsg":"no"}"#;
                let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        }
    });
    (port, reached)
}

/// What the first case of the conformance run fails with, and how many requests reached the server.
async fn called(trusted: &Path, (port, reached): (u16, Arc<AtomicUsize>)) -> (String, usize) {
    let url = format!("https://localhost:{port}/x");
    let env = [("SSL_CERT_FILE", trusted.to_str().unwrap())];
    let (code, report) = yunshi(&["conformance", "--protocol", "saas-v2", "--url", &url, "--key", "k"], &env).await;
    assert_eq!(code, 1, "{report:#}");
    (report["cases"][0]["reason"]["code"].as_str().unwrap().to_owned(), reached.load(Ordering::SeqCst))
}

#[tokio::test]
async fn a_seller_with_a_wrong_certificate_gets_no_request() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (ours, other) = (authority(), authority());
    let folder = tempfile::tempdir().unwrap();
    let trusted = folder.path().join("ca.pem");
    std::fs::write(&trusted, ours.pem()).unwrap();
    let (reason, reached) = called(&trusted, server(&ours, "localhost", false).await).await;
    assert!(reason != "tls_failed" && reached > 0, "a right certificate is accepted: {reason}");
    for (what, server) in [
        ("another name", server(&ours, "shop.example", false).await),
        ("another issuer", server(&other, "localhost", false).await),
        ("out of date", server(&ours, "localhost", true).await),
    ] {
        assert_eq!(called(&trusted, server).await, ("tls_failed".to_owned(), 0), "{what}");
    }
}
