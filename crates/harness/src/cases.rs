//! Cases of service supervision, played by their sides.

use crate::{Market, show::code};
use app::{
    Caller, Error, Tenant,
    supervision::{self, Act, Found, NewDocument},
};
use domain::{
    id::DocumentId,
    supervision::{EvidenceKind, Verb},
};
use std::sync::Arc;
use store::document::Document;

/// The first bytes of a document and of a picture, which is all that is looked at.
const PDF: &[u8] = b"%PDF-1.7 evidence";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n evidence";

/// Files that were sent to a case, with what they prove.
pub type Evidence = Vec<(DocumentId, EvidenceKind)>;

/// What somebody does at a node, with nothing filled in.
#[must_use]
pub fn act(verb: Verb) -> Act {
    Act {
        verb,
        text: None,
        reason: None,
        opening_time: None,
        carrier: None,
        tracking_number: None,
        identification: None,
        licence: None,
        elements: None,
        documents: Vec::new(),
    }
}

/// The same with a text, as requirements and deliveries have one.
#[must_use]
pub fn act_with(verb: Verb, text: &str) -> Act {
    Act { text: Some(text.to_owned()), ..act(verb) }
}

/// The same with a reason, as what is returned or rejected has one.
#[must_use]
pub fn act_because(verb: Verb, reason: &str) -> Act {
    Act { reason: Some(reason.to_owned()), ..act(verb) }
}

impl Market {
    /// The case of an order as it stands now.
    ///
    /// # Panics
    /// When the order is not supervised.
    #[track_caller]
    pub fn case(&self, number: &str) -> Found {
        let order = self.order(number);
        self.read(|tx, ctx| supervision::of_order(tx, ctx, order.id)).expect("a case of the order")
    }

    /// Which side of a case somebody is; who is no side asks as a buyer.
    #[must_use]
    pub fn side(&self, who: &Caller, case: &Found) -> Tenant {
        let account = self.key(who);
        if account == case.row.seller_id {
            Tenant::Seller(account)
        } else if who.staff.is_some() {
            Tenant::Any
        } else {
            Tenant::Buyer(account)
        }
    }

    /// Does something in a case as the side that somebody is; the case as it is then.
    ///
    /// # Errors
    /// What is refused.
    pub fn try_act(&self, who: &Arc<Caller>, case: &Found, act: &Act) -> Result<Found, Error> {
        let side = self.side(who, case);
        self.write(who, |tx, ctx| supervision::act(tx, ctx, side, case.id(), act))
    }

    /// The same, which must succeed.
    ///
    /// # Panics
    /// When it is refused.
    #[track_caller]
    pub fn act(&self, who: &Arc<Caller>, case: &Found, act: &Act) -> Found {
        match self.try_act(who, case, act) {
            Ok(found) => found,
            Err(e) => panic!("refused: {e:?}"),
        }
    }

    /// The same, which must be refused: the code of the refusal.
    ///
    /// # Panics
    /// When it is not refused.
    #[track_caller]
    pub fn act_refused(&self, who: &Arc<Caller>, case: &Found, act: &Act) -> String {
        match self.try_act(who, case, act) {
            Ok(found) => panic!("it was not refused: {:?}", found.case),
            Err(e) => code(&e),
        }
    }

    /// Sends a file to a case; its bytes are nowhere, for nobody reads them here.
    ///
    /// # Errors
    /// What is refused.
    pub fn send_file(&self, who: &Arc<Caller>, case: &Found, name: &str, bytes: &[u8]) -> Result<Document, Error> {
        let (side, new) = (self.side(who, case), NewDocument { name: name.to_owned(), kind: EvidenceKind::Other, content: bytes.to_vec() });
        self.write(who, |tx, ctx| supervision::add_document(tx, ctx, who, side, case.id(), &new))
    }

    /// Sends a good file of each kind, to be named in what the sender does.
    ///
    /// # Panics
    /// When one is refused.
    #[track_caller]
    pub fn evidence(&self, who: &Arc<Caller>, case: &Found, kinds: &[EvidenceKind]) -> Evidence {
        let send = |kind: &EvidenceKind| {
            let (end, bytes) = if kind.is_screenshot() { ("png", PNG) } else { ("pdf", PDF) };
            let sent = self.send_file(who, case, &format!("{kind}.{end}"), bytes).expect("a file that is taken");
            (sent.id.id(), *kind)
        };
        kinds.iter().map(send).collect()
    }

    /// Delivers with evidence of these kinds; the case then.
    ///
    /// # Panics
    /// When it is refused.
    #[track_caller]
    pub fn deliver(&self, seller: &Arc<Caller>, number: &str, kinds: &[EvidenceKind]) -> Found {
        let case = self.case(number);
        let documents = self.evidence(seller, &case, kinds);
        self.act(seller, &case, &Act { documents, ..act_with(Verb::Deliver, "done") })
    }

    /// Plays the standard flow from the requirement to the seller's confirmation; the case then.
    ///
    /// # Panics
    /// When a step is refused.
    #[track_caller]
    pub fn confirmed(&self, buyer: &Arc<Caller>, seller: &Arc<Caller>, number: &str) -> Found {
        let case = self.case(number);
        self.act(buyer, &case, &act_with(Verb::Submit, "200 台终端,两个机房"));
        self.act(seller, &case, &act(Verb::Confirm))
    }
}
