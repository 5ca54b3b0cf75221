//! What the workers of a platform do, one job after the other, in the order in which they fall due.

use crate::Market;
use app::{
    Clock, Error, Moment,
    job::{self, Work},
    message::{Answered, OutgoingMail, OutgoingWebhook},
    probe::Probed,
};
use db::Claim;
use domain::Timestamp;
use jiff::SignedDuration;
use store::job::{Job, Lease, claim, next_due};

/// Jobs done in one go at most: more means that one makes itself due again and again.
const JOBS_MAX: usize = 100_000;

/// A message that left the platform.
#[derive(Debug, Clone)]
pub enum Sent {
    Mail(OutgoingMail),
    Sms(OutgoingMail),
    Webhook { url: String, body: String, headers: Vec<(&'static str, String)> },
}

impl Market {
    /// Business time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.env.clock.now()
    }

    /// Does what is due now, and what becomes due by it.
    ///
    /// # Panics
    /// When a job fails: a platform would try it again and at last set it aside.
    #[track_caller]
    pub fn settle(&self) {
        for _ in 0..JOBS_MAX {
            self.ok_system(app::message::hand_on);
            match self.take_due() {
                Some(job) => self.perform(&job),
                None => return,
            }
        }
        panic!("{JOBS_MAX} jobs were done and more are due: one makes itself due again");
    }

    /// Moves business time, such as `33d`, `48h` or `90m`, and does what falls due on the way, in order.
    ///
    /// # Panics
    /// When the text is no duration, or as [`Market::settle`].
    #[track_caller]
    pub fn advance(&self, by: &str) {
        self.advance_to(self.now() + duration(by));
    }

    /// Moves business time to a moment, likewise.
    ///
    /// # Panics
    /// As [`Market::settle`].
    #[track_caller]
    pub fn advance_to(&self, target: Timestamp) {
        loop {
            self.settle();
            match self.next_due() {
                Some(due) if due <= target => self.env.clock.advance_to(due),
                _ => break,
            }
        }
        self.env.clock.advance_to(target);
        self.settle();
    }

    /// Moves business time to a moment. What falls due until then is done in order; what falls due at that moment is left to
    /// [`Market::claim_due`] or the next [`Market::settle`].
    ///
    /// # Panics
    /// As [`Market::settle`].
    #[track_caller]
    pub fn approach(&self, target: Timestamp) {
        self.advance_to(target - SignedDuration::from_micros(1));
        self.env.clock.advance_to(target);
    }

    /// When the next job falls due.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.read(|tx, _| Ok(next_due(tx)?)).map(Moment::at)
    }

    /// Kills the platform before its next step but `steps`: a step is the claim, the beginning, the exchange with the outside and
    /// the end of a job. What is in memory is gone; what is committed stays, and another process goes on once the lease is over.
    pub fn crash_after(&self, steps: u32) {
        self.crash.set(Some(steps));
    }

    /// Whether a crash that was asked for is still to come.
    #[must_use]
    pub fn is_to_crash(&self) -> bool {
        self.crash.get().is_some()
    }

    /// Counts a step; says whether the process ends before it.
    fn ends_here(&self) -> bool {
        match self.crash.get() {
            None => false,
            Some(0) => {
                self.crash.set(None);
                self.env.clock.pass(self.env.settings.job_lease + SignedDuration::from_secs(1));
                true
            }
            Some(left) => {
                self.crash.set(Some(left - 1));
                false
            }
        }
    }

    /// Lets the next mails and webhooks fail that leave the platform.
    pub fn fail_deliveries(&self, count: u32) {
        *self.undelivered.borrow_mut() = count;
    }

    /// The mails, SMS and webhooks that left the platform, in order.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        self.sent.borrow().clone()
    }

    fn take_due(&self) -> Option<Job> {
        let claimed = self.ok_system(|tx, ctx| {
            let owner = ctx.random_hex(16);
            let due = Claim {
                owner: &owner,
                lease: job::lease_micros(ctx),
                due_until: ctx.now_micros(),
                standing_at: Some(ctx.wall_micros()),
                per_lane: 1,
                no_lane: 1,
                limit: 1,
                busy: &[],
            };
            Ok(claim(tx, &due)?)
        });
        claimed.into_iter().next()
    }

    pub(crate) fn perform(&self, due: &Job) {
        let (lease, kind) = (due.lease(), due.kind.as_str());
        if self.ends_here() {
            return;
        }
        let begun = self.write_system(|tx, ctx| job::begin(tx, ctx, due)).unwrap_or_else(|e| panic!("the job {kind} failed: {e:?}"));
        let finished = match begun {
            Work::Done => Ok(()),
            _ if self.ends_here() => return,
            Work::Call(outgoing) => {
                let exchange = self.server.call(&outgoing);
                if self.ends_here() {
                    return;
                }
                self.write_system(|tx, ctx| job::finish_call(tx, ctx, &lease, &outgoing, &exchange))
            }
            Work::Mail(mail) => self.send_text(&lease, *mail, Sent::Mail),
            Work::Sms(sms) => self.send_text(&lease, *sms, Sent::Sms),
            Work::Webhook(sent) => self.send_webhook(&lease, &sent),
            Work::Probe(product) => {
                let probed = self.probe(product);
                self.write_system(|tx, ctx| job::finish_probe(tx, ctx, due, probed.as_ref()))
            }
            Work::Export => panic!("an export is a file, which the worker writes; test it with a running platform"),
        };
        finished.unwrap_or_else(|e| panic!("the job {kind} could not be finished: {e:?}"));
    }

    /// How a probe of a product would go now; nothing when nobody is called for it.
    #[must_use]
    pub fn probe(&self, product: db::Key) -> Option<Probed> {
        let prepared = self.read(|tx, ctx| app::probe::prepare(tx, ctx, product))?;
        let address = prepared.target.address.url;
        Some(self.server.probe(address.rsplit('/').next().unwrap_or_default()))
    }

    /// Whether the next delivery is taken.
    fn is_taken(&self) -> bool {
        let mut left = self.undelivered.borrow_mut();
        let fails = *left > 0;
        *left = left.saturating_sub(1);
        !fails
    }

    fn send_text(&self, lease: &Lease, mail: OutgoingMail, channel: fn(OutgoingMail) -> Sent) -> Result<(), Error> {
        let result = if self.is_taken() { Ok(()) } else { Err("the channel refused it".to_owned()) };
        self.write_system(|tx, ctx| job::finish_mail(tx, ctx, lease, &mail, &result, 1))?;
        if result.is_ok() {
            self.sent.borrow_mut().push(channel(mail));
        }
        Ok(())
    }

    fn send_webhook(&self, lease: &Lease, sent: &OutgoingWebhook) -> Result<(), Error> {
        let status = if self.is_taken() { 204 } else { 500 };
        let answered = Answered { status: Some(status), body: String::new(), error: None, duration_ms: 1 };
        self.write_system(|tx, ctx| job::finish_webhook(tx, ctx, lease, sent, &answered))?;
        if status == 204 {
            let (url, body, headers) = (sent.url.clone(), sent.body.clone(), sent.headers.clone());
            self.sent.borrow_mut().push(Sent::Webhook { url, body, headers });
        }
        Ok(())
    }

    pub(crate) fn ok_system<T>(&self, work: impl FnMut(&mut db::Tx, &app::Ctx) -> Result<T, Error>) -> T {
        self.write_system(work).unwrap_or_else(|e| panic!("the platform's own work failed: {e:?}"))
    }
}

/// Such as `33d`, `48h`, `90m` or `30s`.
fn duration(text: &str) -> SignedDuration {
    let (count, unit) = text.split_at(text.len().saturating_sub(1));
    let count: i64 = count.parse().unwrap_or_else(|_| panic!("{text:?} is no duration; write 33d, 48h, 90m or 30s"));
    match unit {
        "d" => SignedDuration::from_hours(24 * count),
        "h" => SignedDuration::from_hours(count),
        "m" => SignedDuration::from_mins(count),
        "s" => SignedDuration::from_secs(count),
        _ => panic!("{text:?} is no duration; write 33d, 48h, 90m or 30s"),
    }
}
