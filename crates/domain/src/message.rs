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
    SaleLicence = "sale.licence", "101", Seller;
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
    RenewalCallStuck = "call.renewal_stuck", "501", Operator;
}
