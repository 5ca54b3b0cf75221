import { Link } from '@tanstack/react-router'
import dayjs from 'dayjs'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { List } from '../../kit/list'
import { Page } from '../../kit/page'
import { useNow } from '../../kit/session'
import { State, Time, useText } from '../../kit/show'

type Instance = Schemas['InstanceView']

/** Purchased services. */
export function BuyerInstances() {
  const now = useNow()
  const { t } = useTranslation()
  const text = useText()
  const states = ['opening', 'running', 'frozen', 'released', 'failed'].map((value) => ({
    value,
    label: t(`state.${value}`),
  }))
  return (
    <Page title={t('nav.my_instances')} purpose={t('instances.purpose')}>
      <List<Instance>
        name="instances"
        rowKey={(i) => i.id}
        empty={t('instances.empty')}
        fetch={async ({ state, sort }, paging) => {
          const data = await unwrap(
            api.GET('/api/v1/instances', { params: { query: { as: 'buyer', state, sort, ...paging } } }),
          )
          return { rows: data.instances, next: data.next }
        }}
        filters={[{ name: 'state', label: t('field.state'), options: states }]}
        columns={[
          {
            key: 'product',
            title: t('field.product'),
            value: (i) => text(i.product_name),
            render: (i) => (
              <Link to="/buyer/instances/$id" params={{ id: i.id } as never}>
                {text(i.product_name)}
              </Link>
            ),
          },
          {
            key: 'spec',
            title: t('buy.specification'),
            value: (i) => [text(i.specification_name), text(i.sku_name)].filter(Boolean).join(' / '),
          },
          {
            key: 'state',
            title: t('field.state'),
            value: (i) => t(`state.${i.state}`),
            render: (i) => <State of={i.state} />,
          },
          {
            key: 'ends',
            title: t('field.expires_at'),
            sort: 'expires',
            value: (i) => i.expires_at,
            render: (i) => <Time at={i.expires_at} />,
          },
          {
            key: 'left',
            title: t('buyer.days_left'),
            align: 'right',
            value: (i) =>
              i.expires_at && i.state === 'running' ? Math.max(0, dayjs(i.expires_at).diff(now, 'day')) : '–',
          },
          {
            key: 'open',
            title: t('instance.open'),
            render: (i) =>
              i.app.front_end_url &&
              i.state === 'running' && (
                <a href={i.app.front_end_url} target="_blank" rel="noreferrer">
                  {t('instance.open')}
                </a>
              ),
          },
        ]}
      />
    </Page>
  )
}
