//! Joint-SaaS kit (联营Kit): a company binds a bought application, its departments and people are told to the seller,
//! and they sign on to it (`saas-interface 4`).

mod application;
mod bind;
mod directory;
mod grant;
mod tell;

pub use application::{NewApplication, new_secret, put as put_application};
pub use bind::{Shown, bind, retry, shown, unbind};
pub use grant::{grant, withdraw};

pub(crate) use application::secret;
pub(crate) use bind::instance_ended;
pub(crate) use directory::{colleague_changed, colleague_left, department_changed};
pub(crate) use tell::{failed, filled, refuse_when_removed, target, told};

use crate::{Ctx, Error, event};
use db::Tx;
use domain::call::Activity;
use serde_json::Value;
use store::instance::Instance;

/// The calls of the kit.
pub(crate) const ACTIVITIES: [Activity; 5] =
    [Activity::TenantSync, Activity::AllOrgSync, Activity::ApplicationSync, Activity::AuthSync, Activity::SingleOrgSync];

fn recorded(tx: &mut Tx, ctx: &Ctx, instance: &Instance, kind: &str, data: &Value) -> Result<(), Error> {
    let about = event::About { instance: Some(instance.id), account: Some(instance.buyer_id), ..event::About::default() };
    event::record(tx, ctx, kind, about, data)
}
