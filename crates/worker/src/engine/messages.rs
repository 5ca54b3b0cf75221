//! Messages leave by mail, SMS and webhook.

use super::Worker;
use app::{
    Actor, Ctx, Error,
    message::{OutgoingMail, OutgoingWebhook},
};
use db::Tx;
use std::time::Instant;
use store::job::Lease;

/// What carries a message in text.
#[derive(Clone, Copy)]
pub(super) enum Channel {
    Mail,
    Sms,
}

impl Worker {
    /// Sends a message by mail or SMS; says whether it was taken.
    pub(super) async fn mail(&self, lease: Lease, mail: OutgoingMail, channel: Channel) -> Result<bool, Error> {
        let started = Instant::now();
        let result = match channel {
            Channel::Mail => self.0.channels.mail(&mail).await,
            Channel::Sms => self.0.channels.sms(&mail).await,
        };
        let took = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
        let taken = result.is_ok();
        let finish = move |tx: &mut Tx, ctx: &Ctx| app::job::finish_mail(tx, ctx, &lease, &mail, &result, took);
        self.0.app.write(Actor::System, finish).await?;
        Ok(taken)
    }

    /// Sends a message to an endpoint; says whether it answered.
    pub(super) async fn webhook(&self, lease: Lease, sent: OutgoingWebhook) -> Result<bool, Error> {
        let answered = crate::channels::webhook(&self.0.client, &sent).await;
        let reached = answered.status.is_some();
        let finish = move |tx: &mut Tx, ctx: &Ctx| app::job::finish_webhook(tx, ctx, &lease, &sent, &answered);
        self.0.app.write(Actor::System, finish).await?;
        Ok(reached)
    }
}
