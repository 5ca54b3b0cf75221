import { useTranslation } from 'react-i18next'
import type { Schemas } from '../../api/client'
import { moneyText, useText } from '../../kit/show'

type Product = Schemas['ProductPage']
type Spec = Schemas['SpecificationBody']
type Sku = Schemas['SkuBody']

/** What a year costs less than twelve months, in percent; nothing when it costs no less. */
export function yearSaving(sku?: Sku) {
  if (!sku?.month || !sku.year) return undefined
  const percent = Math.floor(100 * (1 - Number(sku.year) / (12 * Number(sku.month))))
  return percent > 0 ? percent : undefined
}

/** What a package contains, with the unit of what it covers. */
export function quotaText(product: Product, spec: Spec, sku: Sku, text: ReturnType<typeof useText>) {
  const unit = text(product.specifications.find((s) => s.key === spec.package?.of)?.meter?.unit)
  return sku.quota ? `${sku.quota} ${unit}` : undefined
}

/** Everything that is sold, a column each, a row for what may differ. */
export function Compare({ product }: { product: Product }) {
  const { t } = useTranslation()
  const text = useText()
  const columns = product.specifications.flatMap((spec) =>
    (spec.skus ?? []).filter((s) => s.on_sale !== false).map((sku) => ({ key: `${spec.key}/${sku.key}`, spec, sku })),
  )
  const money = (amount?: string | null) => (amount ? moneyText({ amount, currency: product.currency }) : '–')
  const attributes = new Map(
    product.specifications.flatMap((s) => (s.attributes ?? []).map((a) => [a.code ?? '', text(a.name)] as const)),
  )
  const choiceOf = (spec: Spec, sku: Sku, code: string) => {
    const at = (spec.attributes ?? []).findIndex((a) => a.code === code)
    return text(spec.attributes?.[at]?.values?.find((v) => v.code === (sku.key ?? '').split('/')[at])?.name) || '–'
  }
  const rows: [string, (c: { spec: Spec; sku: Sku }) => string][] = [
    [t('store.charging'), ({ spec }) => t(`charging.${spec.charging_mode}`)],
    ...[...attributes].map(
      ([code, name]) =>
        [name, ({ spec, sku }) => choiceOf(spec, sku, code)] as [string, (c: { spec: Spec; sku: Sku }) => string],
    ),
    [t('price.month'), ({ sku }) => money(sku.month)],
    [
      t('price.year'),
      ({ sku }) => {
        const saving = yearSaving(sku)
        return saving ? `${money(sku.year)} (−${saving} %)` : money(sku.year)
      },
    ],
    [t('price.once'), ({ sku }) => money(sku.once)],
    [
      t('price.use'),
      ({ spec, sku }) =>
        (sku.tiers ?? []).map((tier) => `${product.currency} ${tier.price} / ${text(spec.meter?.unit)}`).join(' · ') ||
        '–',
    ],
    [t('package.quota'), ({ spec, sku }) => quotaText(product, spec, sku, text) ?? '–'],
    [t('store.trial'), ({ spec }) => (spec.trial_days ? t('store.trial_days', { days: spec.trial_days }) : '–')],
    [t('spec.upgrade'), ({ spec }) => t(spec.upgrade_allowed ? 'compare.yes' : 'compare.no')],
  ]
  const shown = rows
    .map(([name, of]) => ({ name, cells: columns.map(of) }))
    .filter((r) => r.cells.some((c) => c !== '–'))
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={t('product.specifications')}>
      <table className="compare">
        <thead>
          <tr>
            <td />
            {columns.map(({ key, spec }) => (
              <th key={key} scope="col">
                {text(spec.name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={row.name}>
              <th scope="row" className="muted">
                {row.name}
              </th>
              {row.cells.map((c, i) => (
                <td key={columns[i]?.key} className={row.cells.some((other) => other !== c) ? 'differs' : undefined}>
                  {c}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
