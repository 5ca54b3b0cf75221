//! The channels that messages leave by: SMTP, SMS, and endpoints of accounts.

use crate::Client;
use app::message::{Answered, OutgoingMail, OutgoingWebhook};
use futures_util::future::BoxFuture;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{Header, HeaderName, HeaderValue},
    },
    transport::smtp::authentication::Credentials,
};
use std::{sync::Arc, time::Duration};

/// How the mail server is reached.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailServer {
    pub host: String,
    pub port: u16,
    /// `tls` from the first byte, `starttls`, or `none` inside one machine.
    #[serde(default)]
    pub security: Security,
    #[serde(default)]
    pub user: Option<String>,
    /// Better given as `YUNSHI_MAIL_PASSWORD`.
    #[serde(default)]
    pub password: Option<String>,
    /// Such as `Yunshi <no-reply@market.example.com>`.
    pub from: String,
}

domain::words! {
    /// How a connection to a mail server is protected.
    #[derive(Default)]
    pub enum Security ("security") {
        #[default]
        Tls = "tls",
        StartTls = "starttls",
        None = "none",
    }
}

/// Sends text to a phone.
pub trait SmsProvider: Send + Sync {
    /// Resolves once the provider has taken it.
    ///
    /// # Errors
    /// What the provider says, for the attempt's record.
    fn send<'a>(&'a self, phone: &'a str, text: &'a str) -> BoxFuture<'a, Result<(), String>>;
}

/// Writes down that an SMS would go out; the number and the text are not logged.
#[derive(Debug, Default)]
pub struct LogSms;

impl SmsProvider for LogSms {
    fn send<'a>(&'a self, phone: &'a str, text: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let end: String = phone.chars().rev().take(2).collect::<Vec<_>>().into_iter().rev().collect();
            tracing::info!(phone = format!("…{end}"), characters = text.chars().count(), "an SMS; no provider is configured");
            Ok(())
        })
    }
}

/// Posts `{"to", "text"}` with a bearer token to a provider.
pub struct HttpSms {
    pub client: Client,
    pub url: String,
    pub token: String,
}

impl SmsProvider for HttpSms {
    fn send<'a>(&'a self, phone: &'a str, text: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let body = serde_json::json!({ "to": phone, "text": text }).to_string();
            let headers = [("Authorization", format!("Bearer {}", self.token))];
            let exchange = self.client.call(&self.url, Some(&body), &headers).await;
            match (exchange.error, exchange.status) {
                (None, Some(200..=299)) => Ok(()),
                (Some((_, error)), _) => Err(error),
                (None, status) => Err(format!("the provider answered {}", status.unwrap_or_default())),
            }
        })
    }
}

/// What messages leave by.
#[derive(Clone)]
pub struct Channels {
    mail: Option<(AsyncSmtpTransport<Tokio1Executor>, Mailbox)>,
    sms: Arc<dyn SmsProvider>,
}

impl Default for Channels {
    fn default() -> Self {
        Self { mail: None, sms: Arc::new(LogSms) }
    }
}

#[derive(Clone)]
struct ListUnsubscribe(String);

impl Header for ListUnsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(s: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(s.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), format!("<{}>", self.0))
    }
}

/// One click is enough (RFC 8058).
#[derive(Clone)]
struct OneClick;

impl Header for OneClick {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe-Post")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "List-Unsubscribe=One-Click".to_owned())
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The text as a page of its own: plain, and readable in the dark.
fn html(m: &OutgoingMail) -> String {
    let foot = m.unsubscribe.as_ref().map_or_else(String::new, |u| {
        format!("<p style=\"color:#697182;font-size:12px\"><a href=\"{}\">退订此类邮件 / Unsubscribe</a></p>", escaped(u))
    });
    let link = m.link.as_ref().map_or_else(String::new, |u| format!("<p><a href=\"{}\">在云市中打开 / Open in Yunshi</a></p>", escaped(u)));
    format!(
        "<!doctype html><html><meta charset=\"utf-8\"><body style=\"font:14px/1.6 system-ui,sans-serif;max-width:640px\">\
         <h1 style=\"font-size:18px\">{}</h1><p style=\"white-space:pre-wrap\">{}</p>{link}{foot}</body></html>",
        escaped(&m.subject),
        escaped(&m.text)
    )
}

impl Channels {
    /// # Errors
    /// What is wrong with the settings.
    pub fn new(mail: Option<&MailServer>, sms: Option<HttpSms>) -> Result<Self, String> {
        let sms: Arc<dyn SmsProvider> = sms.map_or_else(|| Arc::new(LogSms) as Arc<dyn SmsProvider>, |s| Arc::new(s));
        Ok(Self { mail: mail.map(transport).transpose()?, sms })
    }

    /// Sends a mail, as text and as HTML.
    pub async fn mail(&self, m: &OutgoingMail) -> Result<(), String> {
        let Some((transport, from)) = &self.mail else {
            return Err("no mail server is configured".to_owned());
        };
        let to: Mailbox = m.to.parse().map_err(|e| format!("the address cannot be read: {e}"))?;
        let host = from.email.domain();
        let mut builder = Message::builder().from(from.clone()).to(to).subject(&m.subject).message_id(Some(format!("<{}@{host}>", m.id)));
        let mut text = m.text.clone();
        if let Some(url) = &m.link {
            text.push_str("\n\n");
            text.push_str(url);
        }
        if let Some(url) = &m.unsubscribe {
            builder = builder.header(ListUnsubscribe(url.clone())).header(OneClick);
            text.push_str("\n\n-- \n");
            text.push_str(url);
        }
        let mail = builder.multipart(MultiPart::alternative_plain_html(text, html(m))).map_err(|e| e.to_string())?;
        transport.send(mail).await.map(|_| ()).map_err(|e| e.to_string())
    }

    pub async fn sms(&self, m: &OutgoingMail) -> Result<(), String> {
        self.sms.send(&m.to, &format!("{}: {}", m.subject, m.text)).await
    }
}

fn transport(server: &MailServer) -> Result<(AsyncSmtpTransport<Tokio1Executor>, Mailbox), String> {
    let from: Mailbox =
        server.from.parse().map_err(|e| format!("mail.from: {e}; write an address such as Yunshi <no-reply@example.com>"))?;
    let builder = match server.security {
        Security::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(&server.host).map_err(|e| format!("mail.host: {e}"))?,
        Security::StartTls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(&server.host).map_err(|e| format!("mail.host: {e}"))?,
        Security::None => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host),
    };
    let builder = builder.port(server.port).timeout(Some(Duration::from_secs(20)));
    let builder = match (&server.user, &server.password) {
        (Some(user), Some(password)) => builder.credentials(Credentials::new(user.clone(), password.clone())),
        _ => builder,
    };
    Ok((builder.build(), from))
}

/// Posts a signed message to an endpoint.
pub async fn webhook(client: &Client, sent: &OutgoingWebhook) -> Answered {
    let exchange = client.call(&sent.url, Some(&sent.body), &sent.headers).await;
    Answered {
        status: exchange.status,
        body: exchange.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default().into_owned(),
        error: exchange.error.map(|(_, text)| text),
        duration_ms: exchange.duration_ms,
    }
}
