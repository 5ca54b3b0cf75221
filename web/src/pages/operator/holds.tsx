import { Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { List } from '../../kit/list'
import { Page } from '../../kit/page'
import { Id, MoneyShown, numberText, Time, useText } from '../../kit/show'
import { Decide } from '../buyer/holds'

const tones: Record<string, string> = { waiting: 'gold', approved: 'green', refused: 'red' }

/** Charges that wait for their buyers' consent; the operator may answer in their place. */
export function UsageHolds() {
  const { t } = useTranslation()
  const text = useText()
  const states = ['waiting', 'approved', 'refused', 'withdrawn'].map((value) => ({ value, label: t(`hold.${value}`) }))
  return (
    <Page title={t('nav.usage_holds')} purpose={t('hold.purpose')}>
      <List<Schemas['HoldView']>
        name="usage-holds"
        rowKey={(h) => h.id}
        empty={t('hold.empty')}
        fetch={async ({ state, instance }, paging) => {
          const query = { state, instance: instance?.trim() || undefined, ...paging }
          const data = await unwrap(api.GET('/api/v1/usage-holds', { params: { query } }))
          return { rows: data.holds, next: data.next }
        }}
        filters={[
          { name: 'instance', label: t('field.instance') },
          { name: 'state', label: t('field.state'), options: states },
        ]}
        columns={[
          { key: 'product', title: t('field.product'), value: (h) => text(h.product_name) },
          { key: 'customer', title: t('field.customer'), value: (h) => h.customer_name },
          {
            key: 'instance',
            title: t('field.instance'),
            value: (h) => h.instance,
            render: (h) => <Id of={h.instance} />,
          },
          { key: 'begin', title: t('usage.begin'), value: (h) => h.begin, render: (h) => <Time at={h.begin} /> },
          {
            key: 'quantity',
            title: t('usage.value'),
            align: 'right',
            value: (h) => `${numberText(h.quantity)} ${text(h.unit)}`,
          },
          {
            key: 'amount',
            title: t('hold.at_most'),
            align: 'right',
            value: (h) => h.amount.amount,
            render: (h) => <MoneyShown of={h.amount} strong />,
          },
          {
            key: 'charged',
            title: t('hold.charged'),
            align: 'right',
            value: (h) => h.charged?.amount,
            render: (h) => (h.charged ? <MoneyShown of={h.charged} strong /> : '–'),
          },
          {
            key: 'largest',
            title: t('hold.largest_short'),
            align: 'right',
            value: (h) => h.largest?.amount,
            render: (h) => (h.largest ? <MoneyShown of={h.largest} /> : '–'),
          },
          {
            key: 'state',
            title: t('field.state'),
            value: (h) => t(`hold.${h.state}`),
            render: (h) => (
              <>
                <Tag color={tones[h.state]}>{t(`hold.${h.state}`)}</Tag>{' '}
                {h.decided_by && <span className="dim">{t(`hold.by_${h.decided_by}`)}</span>}
              </>
            ),
          },
          { key: 'until', title: t('hold.until_short'), value: (h) => h.until, render: (h) => <Time at={h.until} /> },
          {
            key: 'at',
            title: t('field.created_at'),
            sort: 'created',
            value: (h) => h.created_at,
            render: (h) => <Time at={h.created_at} />,
          },
          {
            key: 'do',
            title: t('field.actions'),
            render: (h) => h.state === 'waiting' && <Decide hold={h} operator />,
          },
        ]}
      />
    </Page>
  )
}
