import { Button, Popconfirm } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { List } from '../../kit/list'
import { Page } from '../../kit/page'
import { Id, State, Time, useText } from '../../kit/show'
import { useReason } from './reason'

/** All instances: freeze for a violation, and lift it. */
export function OperatorInstances() {
  const { t } = useTranslation()
  const text = useText()
  const ask = useReason()
  const freeze = useAction(({ id, reason }: { id: string; reason: string }) =>
    unwrap(api.POST('/api/v1/operator/instances/{id}/freeze', { params: { path: { id } }, body: { reason } })),
  )
  const unfreeze = useAction((id: string) =>
    unwrap(api.POST('/api/v1/operator/instances/{id}/unfreeze', { params: { path: { id } } })),
  )
  return (
    <Page title={t('nav.all_instances')} purpose={t('instances.purpose_operator')}>
      <List<Schemas['InstanceView']>
        name="all-instances"
        rowKey={(i) => i.id}
        empty={t('orders.empty')}
        fetch={async ({ state, sort }, paging) => {
          const data = await unwrap(
            api.GET('/api/v1/instances', { params: { query: { as: 'operator', state, sort, ...paging } } }),
          )
          return { rows: data.instances, next: data.next }
        }}
        filters={[
          {
            name: 'state',
            label: t('field.state'),
            options: ['opening', 'running', 'frozen', 'released', 'failed'].map((value) => ({
              value,
              label: t(`state.${value}`),
            })),
          },
        ]}
        columns={[
          { key: 'id', title: t('field.instance'), value: (i) => i.id, render: (i) => <Id of={i.id} /> },
          { key: 'product', title: t('field.product'), value: (i) => text(i.product_name) },
          { key: 'customer', title: t('field.customer'), value: (i) => i.customer_name },
          {
            key: 'state',
            title: t('field.state'),
            value: (i) => t(`state.${i.state}`),
            render: (i) => (
              <>
                <State of={i.state} /> {text(i.freeze_reason_text ?? undefined)}
              </>
            ),
          },
          {
            key: 'ends',
            title: t('field.expires_at'),
            sort: 'expires',
            value: (i) => i.expires_at,
            render: (i) => <Time at={i.expires_at} />,
          },
          {
            key: 'do',
            title: t('field.actions'),
            render: (i) =>
              i.state === 'running' ? (
                <Button
                  danger
                  size="small"
                  onClick={() => ask(t('instance.freeze'), (reason) => freeze.mutateAsync({ id: i.id, reason }))}
                >
                  {t('instance.freeze')}
                </Button>
              ) : (
                i.freeze_cause === 'violation' && (
                  <Popconfirm title={t('instance.unfreeze')} onConfirm={() => unfreeze.mutate(i.id)}>
                    <Button size="small">{t('instance.unfreeze')}</Button>
                  </Popconfirm>
                )
              ),
          },
        ]}
      />
    </Page>
  )
}
