import { Link, useRouterState } from '@tanstack/react-router'
import { Tag } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { List } from '../../kit/list'
import { Page } from '../../kit/page'
import { State, Time, useText } from '../../kit/show'

type Row = Schemas['SupervisionSummary']

/** Whose console this is. */
export const useSide = () =>
  useRouterState({ select: (s) => s.location.pathname.split('/')[1] ?? 'buyer' }) as 'buyer' | 'seller' | 'operator'

/** Whose turn it is, the reader's own first in sight. */
export function Turns({ of, side }: { of: string[]; side: string }) {
  const { t } = useTranslation()
  if (of.length === 0) return <span className="dim">–</span>
  return (
    <>
      {of.map((party) => (
        <Tag key={party} color={party === side ? 'gold' : 'default'}>
          {party === side ? t('supervision.your_turn') : t(`supervision.${party}`)}
        </Tag>
      ))}
    </>
  )
}

/** Orders under service supervision: what waits for whom, and how long already. */
export function Cases() {
  const { t } = useTranslation()
  const text = useText()
  const side = useSide()
  const options = (group: string, values: string[]) => values.map((value) => ({ value, label: t(`${group}.${value}`) }))
  return (
    <Page title={t('nav.supervision')} purpose={t(`supervision.purpose_${side}`)}>
      <List<Row>
        name={`supervision-${side}`}
        rowKey={(c) => c.id}
        empty={t(`supervision.empty_${side}`)}
        usual={{ sort: 'created', direction: side === 'operator' ? 'asc' : 'desc' }}
        fetch={async ({ state, turn, appealed, access_type, order_number, product_name, customer_name }, paging) => {
          const direction = paging.direction ?? (side === 'operator' ? 'asc' : undefined)
          const query = {
            as: side,
            state,
            turn,
            appealed,
            access_type,
            order_number,
            product_name,
            customer_name,
            ...paging,
            direction,
          }
          const data = await unwrap(api.GET('/api/v1/supervision', { params: { query } }))
          return { rows: data.cases, next: data.next }
        }}
        filters={[
          {
            name: 'state',
            label: t('field.state'),
            options: options('case_state', ['open', 'completed', 'cancelled']),
          },
          {
            name: 'turn',
            label: t('supervision.turn'),
            options: options('supervision', ['buyer', 'seller', 'operator']),
          },
          {
            name: 'appealed',
            label: t('supervision.appeal'),
            options: [{ value: 'true', label: t('supervision.appealed') }],
          },
          { name: 'access_type', label: t('editor.access_type'), options: options('access_type', supervisedTypes) },
          { name: 'order_number', label: t('field.order_number') },
          { name: 'product_name', label: t('field.product') },
          ...(side === 'buyer' ? [] : [{ name: 'customer_name', label: t('field.customer') }]),
        ]}
        columns={[
          {
            key: 'order',
            title: t('field.order_number'),
            value: (c) => c.order_number,
            render: (c) => (
              <Link className="mono" to={`/${side}/supervision/$id` as never} params={{ id: c.id } as never}>
                {c.order_number}
              </Link>
            ),
          },
          { key: 'product', title: t('field.product'), value: (c) => text(c.product_name) },
          ...(side === 'buyer'
            ? []
            : [{ key: 'customer', title: t('field.customer'), value: (c: Row) => c.customer_name }]),
          { key: 'type', title: t('editor.access_type'), value: (c) => t(`access_type.${c.access_type}`) },
          {
            key: 'state',
            title: t('field.state'),
            value: (c) => t(`case_state.${c.state}`),
            render: (c) => (
              <>
                <State of={c.state} />
                {c.appeal_due_at && <Tag color="red">{t('supervision.appealed')}</Tag>}
              </>
            ),
          },
          { key: 'node', title: t('supervision.node'), value: (c) => text(c.node_name) },
          {
            key: 'turn',
            title: t('supervision.turn'),
            value: (c) => c.waits_for.map((p) => t(`supervision.${p}`)).join(' '),
            render: (c) => <Turns of={c.waits_for} side={side} />,
          },
          {
            key: 'started',
            title: t('supervision.started_at'),
            sort: 'created',
            value: (c) => c.started_at,
            render: (c) => <Time at={c.started_at} />,
          },
          {
            key: 'due',
            title: t('supervision.appeal_due'),
            value: (c) => c.appeal_due_at,
            render: (c) => <Time at={c.appeal_due_at} />,
          },
        ]}
      />
    </Page>
  )
}

/** Ways of delivery that may be supervised. */
export const supervisedTypes = [
  'license_code',
  'license_identification',
  'license_file',
  'license_package',
  'human_service',
  'data_file',
  'hardware',
  'orchestration',
  'saas',
]
