//! SaaS 2.0: one address, `POST`, JSON, signature in the query (`saas-interface 2`).

mod answer;
mod request;
mod sign;

pub use answer::{Answer, AnswerError, AppInfo, Info, TooLong};
pub use request::{BadRequest, FIELDS, OrderIds, Request, Scene, Status, TargetProduct, fields_of};
pub use sign::{FRESH_MS, Mistake, Query, Steps, VerifyError, known_mistakes, sign, signature, steps, verify};
