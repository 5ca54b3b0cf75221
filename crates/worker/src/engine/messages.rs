//! Messages leave by mail, SMS and webhook.

use super::Worker;
use app::{Actor, Ctx, Error, job::JobKind, micros};
use db::{Key, Tx};
use domain::Timestamp;
use std::time::Instant;
use store::job::{self, Job};

impl Worker {
    /// Sends a message by mail or SMS.
    pub(super) async fn mail(&self, kind: JobKind, job: &Job) -> Result<bool, Error> {
        let (id, subject) = (job.id, job.subject.unwrap_or(Key([0; 16])));
        let begun = self.0.app.write(Actor::System, move |tx, ctx| {
            let begun = app::message::begin_mail(tx, ctx, subject)?;
            if begun.is_none() {
                job::done(tx, id)?;
            }
            Ok(begun)
        });
        let Some(mail) = begun.await? else {
            return Ok(true);
        };
        let started = Instant::now();
        let result = if kind == JobKind::Sms { self.0.channels.sms(&mail).await } else { self.0.channels.mail(&mail).await };
        let took = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
        let answered = result.is_ok();
        let book = move |tx: &mut Tx, ctx: &Ctx| {
            let next = app::message::finish_mail(tx, ctx, &mail, &result, took)?;
            ended(tx, id, next)
        };
        self.0.app.write(Actor::System, book).await?;
        Ok(answered)
    }

    /// Sends a message to an endpoint.
    pub(super) async fn webhook(&self, job: &Job) -> Result<bool, Error> {
        let (id, subject) = (job.id, job.subject.unwrap_or(Key([0; 16])));
        let begun = self.0.app.write(Actor::System, move |tx, ctx| {
            let begun = app::message::begin_webhook(tx, ctx, subject)?;
            if begun.is_none() {
                job::done(tx, id)?;
            }
            Ok(begun)
        });
        let Some(sent) = begun.await? else {
            return Ok(true);
        };
        let answered = crate::channels::webhook(&self.0.client, &sent).await;
        let reached = answered.status.is_some();
        let book = move |tx: &mut Tx, ctx: &Ctx| {
            let next = app::message::finish_webhook(tx, ctx, &sent, &answered)?;
            ended(tx, id, next)
        };
        self.0.app.write(Actor::System, book).await?;
        Ok(reached)
    }
}

/// A message was sent, or is to be sent again.
fn ended(tx: &mut Tx, job: Key, next: Option<Timestamp>) -> Result<(), Error> {
    match next {
        Some(at) => Ok(job::put_off(tx, job, micros(at), None)?),
        None => {
            job::done(tx, job)?;
            Ok(())
        }
    }
}
