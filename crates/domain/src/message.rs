//! The message catalogue: which event is told to whom, under which type (`deployment-and-messages 5`).
//!
//! The texts live in `texts/messages.*.json`, one per language; a test compares them with this list.

crate::words! {
    /// Who reads a message.
    pub enum Audience ("audience") { Buyer = "buyer", Seller = "seller", Operator = "operator" }
}

macro_rules! messages {
    ($($variant:ident = $key:literal, $code:literal, $audience:ident;)+) => {
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
        }
    };
}

messages! {
    OrderToPay = "order.to_pay", "901", Buyer;
    OrderCancelled = "order.cancelled", "901", Buyer;
    OrderOpened = "order.opened", "101", Buyer;
    LicenceIssued = "licence.issued", "101", Buyer;
    RequirementToSubmit = "supervision.to_submit", "101", Buyer;
    DeliveryToAccept = "supervision.to_accept", "101", Buyer;
    SupervisionReminder = "supervision.reminder", "901", Buyer;
    SupervisionNote = "supervision.note", "501", Buyer;
    AppealOpened = "appeal.opened", "501", Buyer;
    AppealDecided = "appeal.decided", "501", Buyer;
    RefundPress = "refund.press", "901", Buyer;
    RefundToReturn = "refund.to_return", "901", Buyer;
    RefundRejected = "refund.rejected", "901", Buyer;
    LicenceDelivered = "licence.delivered", "101", Buyer;
    LicenceRefused = "licence.refused", "501", Buyer;
    OrderRefunded = "order.refunded", "203", Buyer;
    OrderRenewed = "order.renewed", "901", Buyer;
    OrderChanged = "order.changed", "901", Buyer;
    InstanceEnds = "instance.ends", "901", Buyer;
    AutoRenewalShort = "auto_renewal.short", "901", Buyer;
    AutoRenewalRefused = "auto_renewal.refused", "901", Buyer;
    AutoRenewalOff = "auto_renewal.off", "901", Buyer;
    PackageUsedUp = "package.used_up", "901", Buyer;
    UsageUnpaid = "usage.unpaid", "901", Buyer;
    InstanceFrozen = "instance.frozen", "501", Buyer;
    InstanceUnfrozen = "instance.unfrozen", "501", Buyer;
    InstanceReleased = "instance.released", "103", Buyer;
    SyncFailed = "kit.sync_failed", "501", Buyer;
    TransferDecided = "transfer.decided", "203", Buyer;
    SaleBought = "sale.bought", "101", Seller;
    SaleSupervised = "sale.supervised", "101", Seller;
    RequirementToConfirm = "sale.to_confirm", "101", Seller;
    SaleToDeliver = "sale.to_deliver", "101", Seller;
    SaleAccepted = "sale.accepted", "101", Seller;
    SalePartReleased = "sale.part_released", "101", Seller;
    SaleSupervisionReminder = "sale.reminder", "901", Seller;
    SaleLongOpen = "sale.long_open", "901", Seller;
    SaleSupervisionNote = "sale.note", "501", Seller;
    SaleAppealOpened = "sale.appeal_opened", "501", Seller;
    SaleAppealDecided = "sale.appeal_decided", "501", Seller;
    SaleRefundAsked = "sale.refund_asked", "101", Seller;
    SaleRefundWithdrawn = "sale.refund_withdrawn", "901", Seller;
    SaleRefundToInspect = "sale.refund_to_inspect", "101", Seller;
    SaleOpened = "sale.opened", "101", Seller;
    SaleOpeningFailed = "sale.opening_failed", "101", Seller;
    SaleRenewed = "sale.renewed", "renewal", Seller;
    SaleUnsubscribed = "sale.unsubscribed", "101", Seller;
    SaleReleased = "sale.released", "103", Seller;
    CallFailed = "call.failed", "501", Seller;
    CallRecovered = "call.recovered", "501", Seller;
    CallGivenUp = "call.given_up", "501", Seller;
    ApplicationDecided = "application.decided", "101", Seller;
    SellerDecided = "seller.decided", "203", Seller;
    ProductDelisted = "product.delisted", "501", Seller;
    ProbeFailed = "probe.failed", "501", Seller;
    ProductUnreachable = "product.unreachable", "501", Seller;
    BillIssued = "bill.issued", "901", Seller;
    TransferToConfirm = "transfer.to_confirm", "901", Operator;
    ApplicationToReview = "application.to_review", "901", Operator;
    SellerToReview = "seller.to_review", "901", Operator;
    ProductToCheck = "product.to_check", "501", Operator;
    ProductUnreachableToCheck = "product.unreachable_to_check", "501", Operator;
    DeliveryToReview = "supervision.to_review", "901", Operator;
    SupervisionDeskReminder = "supervision.desk_reminder", "901", Operator;
    SupervisionLongOpen = "supervision.long_open", "901", Operator;
    AppealToDecide = "appeal.to_decide", "501", Operator;
    AppealLate = "appeal.late", "501", Operator;
    RefundToConfirm = "refund.to_confirm", "501", Operator;
    RenewalCallStuck = "call.renewal_stuck", "501", Operator;
}
