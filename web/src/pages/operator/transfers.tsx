import { Button, Popconfirm } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { useAction } from '../../kit/action'
import { List } from '../../kit/list'
import { Page } from '../../kit/page'
import { MoneyShown, State, Time } from '../../kit/show'
import { useReason } from './reason'

/** Bank transfers, confirmed when the money is there. */
export function Transfers() {
  const { t } = useTranslation()
  const ask = useReason()
  const confirm = useAction((id: string) =>
    unwrap(api.POST('/api/v1/operator/transfers/{id}/confirm', { params: { path: { id } } })),
  )
  const refuse = useAction(({ id, reason }: { id: string; reason: string }) =>
    unwrap(api.POST('/api/v1/operator/transfers/{id}/refuse', { params: { path: { id } }, body: { reason } })),
  )
  return (
    <Page title={t('nav.transfers')} purpose={t('transfers.purpose')}>
      <List<Schemas['TransferView']>
        name="all-transfers"
        rowKey={(x) => x.id}
        empty={t('transfers.empty')}
        fetch={async ({ state }, paging) => {
          const data = await unwrap(api.GET('/api/v1/operator/transfers', { params: { query: { state, ...paging } } }))
          return { rows: data.transfers, next: data.next }
        }}
        filters={[
          {
            name: 'state',
            label: t('field.state'),
            options: ['pending', 'confirmed', 'refused'].map((value) => ({ value, label: t(`state.${value}`) })),
          },
        ]}
        columns={[
          { key: 'account', title: t('field.customer'), value: (x) => x.account_name },
          { key: 'ref', title: t('wallet.reference'), value: (x) => x.reference },
          {
            key: 'amount',
            title: t('field.amount'),
            align: 'right',
            value: (x) => x.amount.amount,
            render: (x) => <MoneyShown of={x.amount} />,
          },
          {
            key: 'state',
            title: t('field.state'),
            value: (x) => t(`state.${x.state}`),
            render: (x) => (
              <>
                <State of={x.state} /> {x.reason}
              </>
            ),
          },
          {
            key: 'at',
            title: t('field.created_at'),
            sort: 'created',
            value: (x) => x.created_at,
            render: (x) => <Time at={x.created_at} />,
          },
          {
            key: 'do',
            title: t('field.actions'),
            render: (x) =>
              x.state === 'pending' && (
                <div className="row">
                  <Popconfirm title={t('transfers.confirm_sure')} onConfirm={() => confirm.mutate(x.id)}>
                    <Button type="primary" size="small">
                      {t('transfers.confirm')}
                    </Button>
                  </Popconfirm>
                  <Button
                    danger
                    size="small"
                    onClick={() => ask(t('transfers.refuse'), (reason) => refuse.mutateAsync({ id: x.id, reason }))}
                  >
                    {t('transfers.refuse')}
                  </Button>
                </div>
              ),
          },
        ]}
      />
    </Page>
  )
}
