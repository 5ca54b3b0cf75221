//! The message catalogue: which event is told to whom, under which type (`deployment-and-messages 5`).
//!
//! The texts live in `texts/messages.*.json`, one per language; a test compares them with this list.

crate::words! {
    /// Who reads a message.
    pub enum Audience ("audience") { Buyer = "buyer", Seller = "seller", Operator = "operator" }
}

crate::words! {
    /// How a message reaches somebody beside the in-site inbox.
    pub enum Channel ("channel") { Mail = "mail", Sms = "sms", Webhook = "webhook" }
}

crate::words! {
    /// What became of a message on its way to one reader.
    pub enum DeliveryState ("state of a delivery") {
        Due = "due",
        Sent = "sent",
        Failed = "failed",
        /// Not sent: the same was told a short while before.
        Quiet = "quiet",
    }
}

crate::words! {
    /// Types that recipients are set for (`deployment-and-messages 5.2`).
    pub enum MessageType ("message type") {
        Opened = "101",
        Released = "103",
        Account = "203",
        Operations = "501",
        Other = "901",
        Renewal = "renewal",
    }
}

/// The same as [`MessageEvent::type_code`] names them.
pub const TYPES: [&str; 6] = ["101", "103", "203", "501", "901", "renewal"];

macro_rules! messages {
    ($($variant:ident = $key:literal, $code:literal, $audience:ident, $page:literal;)+) => {
        crate::words! {
            /// Events that send a message.
            pub enum MessageEvent ("message event") { $($variant = $key),+ }
        }

        impl MessageEvent {
            /// The upstream type code that recipients are set for; `renewal` and the like have none.
            #[must_use]
            pub fn type_code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            #[must_use]
            pub fn audience(self) -> Audience {
                match self { $(Self::$variant => Audience::$audience),+ }
            }

            /// The page of its reader that it is about; `$` stands for the subject of the message. Empty: none.
            #[must_use]
            pub fn page(self) -> &'static str {
                match self { $(Self::$variant => $page),+ }
            }
        }
    };
}

messages! {
    OrderToPay = "order.to_pay", "901", Buyer, "orders/$";
    OrderCancelled = "order.cancelled", "901", Buyer, "orders/$";
    OrderOpened = "order.opened", "101", Buyer, "orders/$";
    LicenceIssued = "licence.issued", "101", Buyer, "supervision/$";
    RequirementToSubmit = "supervision.to_submit", "101", Buyer, "supervision/$";
    DeliveryToAccept = "supervision.to_accept", "101", Buyer, "supervision/$";
    SupervisionReminder = "supervision.reminder", "901", Buyer, "supervision/$";
    SupervisionNote = "supervision.note", "501", Buyer, "supervision/$";
    AppealOpened = "appeal.opened", "501", Buyer, "supervision/$";
    AppealDecided = "appeal.decided", "501", Buyer, "supervision/$";
    RefundPress = "refund.press", "901", Buyer, "supervision/$";
    RefundToReturn = "refund.to_return", "901", Buyer, "supervision/$";
    RefundRejected = "refund.rejected", "901", Buyer, "supervision/$";
    LicenceDelivered = "licence.delivered", "101", Buyer, "instances/$";
    LicenceRefused = "licence.refused", "501", Buyer, "instances/$";
    OrderRefunded = "order.refunded", "203", Buyer, "orders/$";
    OrderRenewed = "order.renewed", "901", Buyer, "orders/$";
    OrderChanged = "order.changed", "901", Buyer, "orders/$";
    InstanceEnds = "instance.ends", "901", Buyer, "instances/$";
    AutoRenewalShort = "auto_renewal.short", "901", Buyer, "instances/$";
    AutoRenewalDearer = "auto_renewal.dearer", "901", Buyer, "instances/$";
    AutoRenewalRefused = "auto_renewal.refused", "901", Buyer, "instances/$";
    AutoRenewalOff = "auto_renewal.off", "901", Buyer, "instances/$";
    PackageUsedUp = "package.used_up", "901", Buyer, "instances/$";
    UsageUnpaid = "usage.unpaid", "901", Buyer, "instances/$";
    UsageHeld = "usage.held", "901", Buyer, "instances/$";
    UsageCapNear = "usage.cap_near", "901", Buyer, "instances/$";
    UsageCapFroze = "usage.cap_froze", "501", Buyer, "instances/$";
    UsageCapRefuses = "usage.cap_refuses", "501", Buyer, "instances/$";
    InstanceFrozen = "instance.frozen", "501", Buyer, "instances/$";
    InstanceUnfrozen = "instance.unfrozen", "501", Buyer, "instances/$";
    InstanceReleased = "instance.released", "103", Buyer, "instances/$";
    SyncFailed = "kit.sync_failed", "501", Buyer, "instances/$";
    TransferDecided = "transfer.decided", "203", Buyer, "wallet";
    SaleBought = "sale.bought", "101", Seller, "orders/$";
    SaleSupervised = "sale.supervised", "101", Seller, "orders/$";
    RequirementToConfirm = "sale.to_confirm", "101", Seller, "supervision/$";
    SaleToDeliver = "sale.to_deliver", "101", Seller, "supervision/$";
    SaleAccepted = "sale.accepted", "101", Seller, "supervision/$";
    SalePartReleased = "sale.part_released", "101", Seller, "supervision/$";
    SaleSupervisionReminder = "sale.reminder", "901", Seller, "supervision/$";
    SaleOpenCases = "sale.open_cases", "901", Seller, "supervision";
    SaleLongOpen = "sale.long_open", "901", Seller, "supervision/$";
    SaleSupervisionNote = "sale.note", "501", Seller, "supervision/$";
    SaleAppealOpened = "sale.appeal_opened", "501", Seller, "supervision/$";
    SaleAppealDecided = "sale.appeal_decided", "501", Seller, "supervision/$";
    SaleRefundAsked = "sale.refund_asked", "101", Seller, "supervision/$";
    SaleRefundWithdrawn = "sale.refund_withdrawn", "901", Seller, "supervision/$";
    SaleRefundToInspect = "sale.refund_to_inspect", "101", Seller, "supervision/$";
    SaleOpened = "sale.opened", "101", Seller, "orders/$";
    SaleOpeningFailed = "sale.opening_failed", "101", Seller, "orders/$";
    SaleRenewed = "sale.renewed", "renewal", Seller, "orders/$";
    SalePartRefunded = "sale.part_refunded", "101", Seller, "orders/$";
    SaleUnsubscribed = "sale.unsubscribed", "101", Seller, "orders/$";
    SaleReleased = "sale.released", "103", Seller, "orders/$";
    CallFailed = "call.failed", "501", Seller, "calls/$";
    CallRecovered = "call.recovered", "501", Seller, "calls/$";
    CallGivenUp = "call.given_up", "501", Seller, "calls/$";
    ApplicationDecided = "application.decided", "101", Seller, "products/$";
    SellerDecided = "seller.decided", "203", Seller, "profile";
    ProductDelisted = "product.delisted", "501", Seller, "products/$";
    ProbeFailed = "probe.failed", "501", Seller, "health";
    ProductUnreachable = "product.unreachable", "501", Seller, "products/$";
    BillIssued = "bill.issued", "901", Seller, "bills/$";
    CorrectionToConfirm = "correction.to_confirm", "901", Operator, "corrections";
    SaleCapNear = "sale.cap_near", "901", Seller, "usage";
    SaleCapReached = "sale.cap_reached", "501", Seller, "usage";
    SaleUsageRefused = "sale.usage_refused", "501", Seller, "usage";
    TransferToConfirm = "transfer.to_confirm", "901", Operator, "transfers";
    ApplicationToReview = "application.to_review", "901", Operator, "reviews/$";
    SellerToReview = "seller.to_review", "901", Operator, "sellers";
    ProductToCheck = "product.to_check", "501", Operator, "health";
    ProductUnreachableToCheck = "product.unreachable_to_check", "501", Operator, "health";
    MailboxToConfirm = "mailbox.to_confirm", "203", Buyer, "";
    WebhookTest = "webhook.test", "901", Buyer, "";
    DeliveryToReview = "supervision.to_review", "901", Operator, "supervision/$";
    SupervisionDeskReminder = "supervision.desk_reminder", "901", Operator, "supervision/$";
    SupervisionLongOpen = "supervision.long_open", "901", Operator, "supervision/$";
    AppealToDecide = "appeal.to_decide", "501", Operator, "supervision/$";
    AppealLate = "appeal.late", "501", Operator, "supervision/$";
    RefundToConfirm = "refund.to_confirm", "501", Operator, "supervision/$";
    RenewalCallStuck = "call.renewal_stuck", "501", Operator, "calls/$";
}

impl MessageEvent {
    /// The page that a message about a subject leads to, such as `/buyer/orders/CS2401111300000001`; the list when the
    /// subject is not known.
    #[must_use]
    pub fn link(self, subject: Option<&str>) -> Option<String> {
        let page = match subject {
            Some(subject) => self.page().replace('$', subject),
            None => self.page().trim_end_matches("/$").to_owned(),
        };
        (!page.is_empty()).then(|| format!("/{}/{page}", self.audience()))
    }

    /// Legal or money: may not be switched off (`deployment-and-messages 5.4`).
    #[must_use]
    pub fn essential(self) -> bool {
        matches!(
            self,
            Self::OrderToPay
                | Self::OrderCancelled
                | Self::OrderRefunded
                | Self::UsageUnpaid
                | Self::UsageHeld
                | Self::UsageCapFroze
                | Self::InstanceFrozen
                | Self::InstanceReleased
                | Self::TransferDecided
                | Self::AppealOpened
                | Self::AppealDecided
                | Self::RefundToReturn
                | Self::RefundRejected
                | Self::SaleReleased
                | Self::SaleUsageRefused
                | Self::SaleAppealOpened
                | Self::SaleAppealDecided
                | Self::SaleRefundAsked
                | Self::SaleRefundToInspect
                | Self::SellerDecided
                | Self::ProductDelisted
                | Self::BillIssued
                | Self::MailboxToConfirm
        )
    }

    /// In the in-site inbox as well; the others are for one reader on one channel.
    #[must_use]
    pub fn in_inbox(self) -> bool {
        !matches!(self, Self::WebhookTest | Self::MailboxToConfirm)
    }

    /// A failure of the seller's interface, told to his customer-service mailbox as well (`deployment-and-messages 5.1`).
    #[must_use]
    pub fn to_service_mailbox(self) -> bool {
        matches!(
            self,
            Self::CallFailed
                | Self::CallRecovered
                | Self::CallGivenUp
                | Self::SaleOpeningFailed
                | Self::ProductDelisted
                | Self::ProbeFailed
                | Self::ProductUnreachable
        )
    }

    /// Comes often: of the same to the same reader one an hour goes out, and a digest may gather them.
    #[must_use]
    pub fn noisy(self) -> bool {
        matches!(
            self,
            Self::CallFailed
                | Self::CallRecovered
                | Self::ProbeFailed
                | Self::SupervisionReminder
                | Self::SaleSupervisionReminder
                | Self::SupervisionDeskReminder
                | Self::SaleBought
                | Self::SaleOpened
        )
    }

    /// Urgent enough to be sent to a phone unless somebody said otherwise: interface failures and what runs out.
    #[must_use]
    pub fn by_sms(self) -> bool {
        matches!(
            self,
            Self::CallFailed
                | Self::CallGivenUp
                | Self::SaleOpeningFailed
                | Self::ProductDelisted
                | Self::ProductUnreachable
                | Self::UsageUnpaid
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MessageEvent as E;

    /// The events of the reference (`seller-domain 7`, `deployment-and-messages 5.2, 5.3`): the message, or why there is none.
    const REFERENCE: &[(&str, Result<MessageEvent, &str>)] = &[
        ("onboarding review result", Ok(E::SellerDecided)),
        ("change of seller information reviewed", Ok(E::SellerDecided)),
        ("customer account closed, data to purge", Err("accounts cannot be closed yet")),
        ("instance released", Ok(E::SaleReleased)),
        ("release application reviewed", Ok(E::ApplicationDecided)),
        ("modification reviewed", Ok(E::ApplicationDecided)),
        ("joint product reviewed", Err("certification for joint operation belongs to the full catalogue")),
        ("question waiting for answer", Err("product questions belong to a later part")),
        ("hardware stock warning", Err("stock belongs to the full catalogue")),
        ("bad review to negotiate", Err("reviews belong to a later part")),
        ("sale status changed by operations", Ok(E::ProductDelisted)),
        ("a service product was bought", Ok(E::SaleSupervised)),
        ("a product was bought", Ok(E::SaleBought)),
        ("site-building supervision", Ok(E::SaleToDeliver)),
        ("hardware supervision", Ok(E::SaleToDeliver)),
        ("buyer accepted", Ok(E::SaleAccepted)),
        ("number of open supervised orders", Ok(E::SaleOpenCases)),
        ("appeal result", Ok(E::SaleAppealDecided)),
        ("overdue, system unsubscribed", Err("the limit of 365 days was given up on 2024-03-05 (seller-domain 5.4)")),
        ("customer renewed", Ok(E::SaleRenewed)),
        ("SaaS interface exception", Ok(E::CallFailed)),
        ("SaaS or API opening failed", Ok(E::SaleOpeningFailed)),
        ("unsubscription requested", Ok(E::SaleRefundAsked)),
        ("invoice requested", Err("invoices belong to a later part")),
        ("a customer raised a ticket", Err("tickets belong to a later part")),
        ("bill issued", Ok(E::BillIssued)),
        ("offer results", Err("exclusive offers belong to a later part")),
        ("180-day reminder", Ok(E::SaleLongOpen)),
        ("trial or term ends", Ok(E::InstanceEnds)),
        ("frozen", Ok(E::InstanceFrozen)),
        ("released", Ok(E::InstanceReleased)),
        ("code can be taken", Ok(E::LicenceIssued)),
        ("delivery to accept", Ok(E::DeliveryToAccept)),
        ("refund decided", Ok(E::RefundRejected)),
        ("invoice issued", Err("invoices belong to a later part")),
        ("price of renewal changes", Err("prices of running terms never change (order-life 3)")),
        ("deployment finished or failed", Err("automated deployment belongs to a later part")),
        ("appeal decided", Ok(E::AppealDecided)),
    ];

    #[test]
    fn every_event_of_the_reference_has_a_message_or_a_reason_for_none() {
        assert_eq!(REFERENCE.len(), 38);
        for (event, message) in REFERENCE {
            assert!(message.is_ok() || message.is_err_and(|why| why.len() > 10), "{event}");
        }
    }

    #[test]
    fn a_message_leads_to_the_page_of_its_reader() {
        assert_eq!(E::OrderOpened.link(Some("CS1")).as_deref(), Some("/buyer/orders/CS1"));
        assert_eq!(E::AppealToDecide.link(Some("7")).as_deref(), Some("/operator/supervision/7"));
        assert_eq!(E::TransferDecided.link(None).as_deref(), Some("/buyer/wallet"));
        assert_eq!(E::CallFailed.link(None).as_deref(), Some("/seller/calls"), "the list when nobody noted which");
        assert_eq!(E::WebhookTest.link(None), None);
    }

    #[test]
    fn the_documented_types_are_kept() {
        for (event, code) in
            [(E::SellerDecided, "203"), (E::SaleReleased, "103"), (E::ApplicationDecided, "101"), (E::SaleSupervised, "101")]
        {
            assert_eq!(event.type_code(), code, "{event}");
        }
        for (event, code) in [
            (E::SaleAccepted, "101"),
            (E::SaleAppealDecided, "501"),
            (E::CallFailed, "501"),
            (E::SaleOpenCases, "901"),
            (E::SaleRefundAsked, "101"),
        ] {
            assert_eq!(event.type_code(), code, "{event}");
        }
        assert!(MessageEvent::ALL.iter().all(|e| TYPES.contains(&e.type_code())));
    }
}
