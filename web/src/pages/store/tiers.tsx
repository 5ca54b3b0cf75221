import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { moneyText } from '../../kit/show'

type Tier = { up_to?: string | null; price?: string }

/** Prices by use, a row for each tier. */
export function TierTable({
  unit,
  model,
  accumulation,
  tiers,
  currency,
}: {
  unit: string
  model: string
  accumulation: string
  tiers: Tier[]
  currency: string
}) {
  const { t } = useTranslation()
  const range = (tier: Tier, i: number) => {
    const from = tiers[i - 1]?.up_to
    if (!tier.up_to) return from ? t('meter.above', { from, unit }) : t('meter.any')
    return t('meter.up_to', { from: from ?? '0', to: tier.up_to, unit })
  }
  const rows = tiers.map((tier, i) => ({
    key: i,
    range: range(tier, i),
    price: `${moneyText({ amount: tier.price ?? '0', currency })} / ${unit}`,
  }))
  return (
    <div>
      <Table
        size="small"
        pagination={false}
        dataSource={rows}
        columns={[
          { dataIndex: 'range', title: t(`meter.counted_${model}`, { cycle: t(`meter.per_${accumulation}`) }) },
          { dataIndex: 'price', title: t('meter.price'), align: 'right', className: 'num' },
        ]}
      />
    </div>
  )
}
