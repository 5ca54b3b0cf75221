//! The documents, as JSON values; in CBOR they are the same.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Records of one call.
pub const RECORDS_MAX: usize = 25;
/// Entitlements of one page.
const PAGE_MAX: u64 = 25;
const TEXT_MAX: usize = 255;
const QUANTITY_MAX: u64 = i32::MAX as u64;

/// A request that is not in the form of the service model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    #[error("{0}")]
    Validation(String),
    #[error("UsageRecords/{0}/UsageAllocations: their quantities must add up to the quantity of the record, each once, in its form")]
    Allocations(usize),
    #[error("UsageRecords/{0}/UsageAllocations: at most 5 tags, each with a key and a value")]
    Tags(usize),
}

fn bad<T>(text: impl Into<String>) -> Result<T, BadRequest> {
    Err(BadRequest::Validation(text.into()))
}

fn object<'a>(value: &'a Value, at: &str) -> Result<&'a Map<String, Value>, BadRequest> {
    value.as_object().map_or_else(|| bad(format!("{at} must be an object")), Ok)
}

fn text(of: &Map<String, Value>, name: &str) -> Result<Option<String>, BadRequest> {
    match of.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(s)) if s.is_empty() => bad(format!("{name} must not be empty")),
        Some(Value::String(s)) => Ok(Some(s.clone())),
        Some(_) => bad(format!("{name} must be a string")),
    }
}

fn needed(of: &Map<String, Value>, name: &str) -> Result<String, BadRequest> {
    text(of, name)?.map_or_else(|| bad(format!("{name} is required")), Ok)
}

fn short(of: &Map<String, Value>, name: &str) -> Result<Option<String>, BadRequest> {
    match text(of, name)? {
        Some(s) if s.chars().count() > TEXT_MAX => bad(format!("{name} has more than {TEXT_MAX} characters")),
        found => Ok(found),
    }
}

/// `ResolveCustomer`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolveCustomer {
    pub registration_token: String,
}

impl ResolveCustomer {
    /// # Errors
    /// [`BadRequest`].
    pub fn read(body: &Value) -> Result<Self, BadRequest> {
        Ok(Self { registration_token: needed(object(body, "the body")?, "RegistrationToken")? })
    }
}

/// Who stands behind a registration token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Resolved {
    pub customer_identifier: String,
    pub product_code: String,
    #[serde(rename = "CustomerAWSAccountId")]
    pub customer_aws_account_id: String,
    pub license_arn: String,
}

/// What was used in an hour.
#[derive(Debug, Clone, PartialEq)]
pub struct UsageRecord {
    /// Seconds since 1970.
    pub timestamp: i64,
    pub customer_identifier: Option<String>,
    pub customer_aws_account_id: Option<String>,
    pub license_arn: Option<String>,
    pub dimension: String,
    /// A decimal number that is not negative.
    pub quantity: String,
    /// As it was sent, for the answer.
    pub sent: Value,
}

/// `BatchMeterUsage`.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchMeterUsage {
    pub product_code: Option<String>,
    pub usage_records: Vec<UsageRecord>,
}

impl BatchMeterUsage {
    /// # Errors
    /// [`BadRequest`]; then none of the records counts.
    pub fn read(body: &Value) -> Result<Self, BadRequest> {
        let body = object(body, "the body")?;
        let records = body.get("UsageRecords").and_then(Value::as_array);
        let Some(records) = records else { return bad("UsageRecords is required and is a list") };
        if records.len() > RECORDS_MAX {
            return bad(format!("UsageRecords has {} records; send at most {RECORDS_MAX} at a time", records.len()));
        }
        let usage_records = records.iter().enumerate().map(|(i, r)| record(i, r)).collect::<Result<_, _>>()?;
        Ok(Self { product_code: short(body, "ProductCode")?, usage_records })
    }
}

fn record(i: usize, sent: &Value) -> Result<UsageRecord, BadRequest> {
    let at = |e: BadRequest| match e {
        BadRequest::Validation(text) => BadRequest::Validation(format!("UsageRecords/{i}: {text}")),
        other => other,
    };
    let of = object(sent, "a record").map_err(at)?;
    let seconds = of.get("Timestamp").and_then(Value::as_f64).filter(|s| (0.0..1e11).contains(s));
    let Some(seconds) = seconds else { return bad(format!("UsageRecords/{i}: Timestamp is required, in seconds since 1970")) };
    let quantity = quantity(of, "Quantity", "QuantityAsDecimal").map_err(at)?;
    allocations(i, of, quantity.as_ref())?;
    #[expect(clippy::cast_possible_truncation, reason = "within the range that was checked")]
    let timestamp = seconds as i64;
    Ok(UsageRecord {
        timestamp,
        customer_identifier: short(of, "CustomerIdentifier").map_err(at)?,
        customer_aws_account_id: short(of, "CustomerAWSAccountId").map_err(at)?,
        license_arn: text(of, "LicenseArn").map_err(at)?,
        dimension: short(of, "Dimension").and_then(|d| d.map_or_else(|| bad("Dimension is required"), Ok)).map_err(at)?,
        quantity: quantity.map_or_else(|| "0".to_owned(), |q| q.text),
        sent: sent.clone(),
    })
}

/// A quantity in one of its two forms.
struct Quantity {
    decimal: bool,
    text: String,
    ten_thousandths: u64,
}

fn quantity(of: &Map<String, Value>, whole: &str, decimal: &str) -> Result<Option<Quantity>, BadRequest> {
    let given = |name: &str| of.get(name).filter(|v| !v.is_null());
    let read = |text: String, decimal| {
        let Some(ten_thousandths) = ten_thousandths(&text) else {
            return bad(format!("{text:?} is not a number from 0 with at most 12 digits before the point and 4 after"));
        };
        Ok(Some(Quantity { decimal, text, ten_thousandths }))
    };
    match (given(whole), given(decimal)) {
        (Some(_), Some(_)) => bad(format!("send either {whole} or {decimal}")),
        (Some(v), None) => match v.as_u64().filter(|q| *q <= QUANTITY_MAX) {
            Some(q) => read(q.to_string(), false),
            None => bad(format!("{whole} is a whole number from 0 to {QUANTITY_MAX}")),
        },
        (None, Some(Value::String(s))) => read(s.clone(), true),
        (None, Some(_)) => bad(format!("{decimal} is a decimal number as a string")),
        (None, None) => Ok(None),
    }
}

fn ten_thousandths(text: &str) -> Option<u64> {
    let (before, after) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |s: &str, max: usize| (1..=max).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
    (digits(before, 12) && digits(after, 4)).then(|| format!("{before}{after:0<4}").parse().ok())?
}

/// Allocations split a record by tags; here they are only checked.
fn allocations(i: usize, of: &Map<String, Value>, whole: Option<&Quantity>) -> Result<(), BadRequest> {
    let Some(list) = of.get("UsageAllocations").filter(|v| !v.is_null()) else { return Ok(()) };
    let wrong = || BadRequest::Allocations(i);
    let list = list.as_array().filter(|l| (1..=2500).contains(&l.len())).ok_or_else(wrong)?;
    let (mut sum, mut seen) = (0, Vec::new());
    for one in list {
        let one = one.as_object().ok_or_else(wrong)?;
        let part = quantity(one, "AllocatedUsageQuantity", "AllocatedUsageQuantityAsDecimal").ok().flatten().ok_or_else(wrong)?;
        if whole.is_some_and(|w| w.decimal != part.decimal) {
            return Err(wrong());
        }
        sum += part.ten_thousandths;
        let tags = one.get("Tags").filter(|v| !v.is_null());
        let fits = |t: &Value| ["Key", "Value"].iter().all(|n| t[*n].as_str().is_some_and(|s| (1..=256).contains(&s.chars().count())));
        if tags.is_some_and(|t| t.as_array().is_none_or(|t| !(1..=5).contains(&t.len()) || !t.iter().all(fits))) {
            return Err(BadRequest::Tags(i));
        }
        let tags = tags.cloned().unwrap_or_default();
        if seen.contains(&tags) {
            return Err(wrong());
        }
        seen.push(tags);
    }
    if sum == whole.map_or(0, |w| w.ten_thousandths) { Ok(()) } else { Err(wrong()) }
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    Success,
    CustomerNotSubscribed,
    /// One of the same customer, dimension and hour was honoured, with another quantity.
    DuplicateRecord,
}

/// The answer to `BatchMeterUsage`: each record with what became of it.
#[must_use]
pub fn metered(results: impl IntoIterator<Item = (Value, Option<String>, Status)>) -> Value {
    let result = |(record, id, status): (Value, Option<String>, Status)| {
        let mut result = json!({ "UsageRecord": record, "Status": status });
        if let Some(id) = id {
            result["MeteringRecordId"] = id.into();
        }
        result
    };
    json!({ "Results": results.into_iter().map(result).collect::<Vec<_>>(), "UnprocessedRecords": [] })
}

/// What is asked for; the values of one name are alternatives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub customer_identifier: Option<Vec<String>>,
    pub customer_aws_account_id: Option<Vec<String>>,
    pub dimension: Option<Vec<String>>,
    pub license_arn: Option<Vec<String>>,
}

/// `GetEntitlements`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetEntitlements {
    pub product_code: String,
    pub filter: Filter,
    pub next_token: Option<String>,
    pub max_results: usize,
}

impl GetEntitlements {
    /// # Errors
    /// [`BadRequest`].
    pub fn read(body: &Value) -> Result<Self, BadRequest> {
        let body = object(body, "the body")?;
        let max = body.get("MaxResults").filter(|v| !v.is_null());
        let Some(max) = max.map_or(Some(PAGE_MAX), |v| v.as_u64().filter(|m| (1..=PAGE_MAX).contains(m))) else {
            return bad(format!("MaxResults is a whole number from 1 to {PAGE_MAX}"));
        };
        let mut filter = Filter::default();
        let given = body.get("Filter").filter(|v| !v.is_null()).map(|f| object(f, "Filter")).transpose()?;
        for (name, values) in given.into_iter().flatten() {
            let values: Option<Vec<String>> =
                values.as_array().filter(|v| !v.is_empty()).and_then(|v| v.iter().map(|s| s.as_str().map(str::to_owned)).collect());
            let Some(values) = values else { return bad(format!("Filter/{name} is a list of at least one string")) };
            let place = match name.as_str() {
                "CUSTOMER_IDENTIFIER" => &mut filter.customer_identifier,
                "CUSTOMER_AWS_ACCOUNT_ID" => &mut filter.customer_aws_account_id,
                "DIMENSION" => &mut filter.dimension,
                "LICENSE_ARN" => &mut filter.license_arn,
                _ => return bad(format!("Filter has no {name}")),
            };
            *place = Some(values);
        }
        if filter.customer_identifier.is_some() && filter.customer_aws_account_id.is_some() {
            return bad("Filter: use either CUSTOMER_IDENTIFIER or CUSTOMER_AWS_ACCOUNT_ID");
        }
        let max_results = usize::try_from(max).unwrap_or(1);
        Ok(Self { product_code: needed(body, "ProductCode")?, filter, next_token: text(body, "NextToken")?, max_results })
    }
}

/// What a customer may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlement {
    pub product_code: String,
    pub dimension: String,
    pub customer_identifier: String,
    pub customer_aws_account_id: String,
    pub value: i64,
    /// Seconds since 1970.
    pub expiration: Option<i64>,
    pub license_arn: String,
}

impl Entitlement {
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut value = json!({
            "ProductCode": self.product_code,
            "Dimension": self.dimension,
            "CustomerIdentifier": self.customer_identifier,
            "CustomerAWSAccountId": self.customer_aws_account_id,
            "LicenseArn": self.license_arn,
            "Value": { "IntegerValue": self.value },
        });
        if let Some(end) = self.expiration {
            value["ExpirationDate"] = end.into();
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(record: &Value) -> Result<BatchMeterUsage, BadRequest> {
        BatchMeterUsage::read(&json!({ "ProductCode": "p", "UsageRecords": [record] }))
    }

    fn with(more: &Value) -> Value {
        let mut record = json!({ "Timestamp": 1_767_323_045.5, "Dimension": "calls", "CustomerIdentifier": "c" });
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        record
    }

    #[test]
    fn records_are_read_in_both_forms_of_quantity() {
        let allocations = json!([
            { "AllocatedUsageQuantity": 1, "Tags": [{ "Key": "a", "Value": "b" }] },
            { "AllocatedUsageQuantity": 2 },
        ]);
        for (more, quantity) in [
            (json!({}), "0"),
            (json!({ "Quantity": 7 }), "7"),
            (json!({ "QuantityAsDecimal": "17.42" }), "17.42"),
            (json!({ "Quantity": 3, "UsageAllocations": allocations }), "3"),
        ] {
            let read = records(&with(&more)).unwrap();
            assert_eq!((read.usage_records[0].quantity.as_str(), read.usage_records[0].timestamp), (quantity, 1_767_323_045), "{more}");
        }
    }

    #[test]
    fn what_breaks_the_model_is_named() {
        for (record, word) in [
            (with(&json!({ "Quantity": -1 })), "Quantity is a whole number"),
            (with(&json!({ "Quantity": 1, "QuantityAsDecimal": "1" })), "either"),
            (with(&json!({ "QuantityAsDecimal": "1e3" })), "1e3"),
            (with(&json!({ "QuantityAsDecimal": "0.00001" })), "4 after"),
            (with(&json!({ "Dimension": "" })), "Dimension"),
            (with(&json!({ "Dimension": "d".repeat(256) })), "255"),
            (with(&json!({ "Timestamp": "now" })), "Timestamp"),
            (json!([]), "object"),
            (with(&json!({ "Quantity": 3, "UsageAllocations": [{ "AllocatedUsageQuantity": 2 }] })), "add up"),
            (with(&json!({ "Quantity": 2, "UsageAllocations": [{ "AllocatedUsageQuantityAsDecimal": "2" }] })), "add up"),
            (with(&json!({ "Quantity": 2, "UsageAllocations": [{ "AllocatedUsageQuantity": 2, "Tags": [{}] }] })), "tags"),
        ] {
            let refused = records(&record).unwrap_err().to_string();
            assert!(refused.contains(word), "{record}: {refused}");
        }
        let many = json!({ "UsageRecords": vec![with(&json!({})); 26] });
        assert!(BatchMeterUsage::read(&many).unwrap_err().to_string().contains("at most 25"));
        for (body, word) in [
            (json!({}), "ProductCode"),
            (json!({ "ProductCode": "p", "MaxResults": 26 }), "MaxResults"),
            (json!({ "ProductCode": "p", "Filter": { "COLOUR": ["red"] } }), "COLOUR"),
            (json!({ "ProductCode": "p", "Filter": { "DIMENSION": [] } }), "DIMENSION"),
            (json!({ "ProductCode": "p", "Filter": { "CUSTOMER_IDENTIFIER": ["a"], "CUSTOMER_AWS_ACCOUNT_ID": ["1"] } }), "either"),
        ] {
            let refused = GetEntitlements::read(&body).unwrap_err().to_string();
            assert!(refused.contains(word), "{body}: {refused}");
        }
    }
}
