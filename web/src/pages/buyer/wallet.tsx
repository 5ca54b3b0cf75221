import { useQuery } from '@tanstack/react-query'
import { Button, Form, Input, Modal, Statistic } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { Entry } from '../../kit/form'
import { List } from '../../kit/list'
import { Await, Page } from '../../kit/page'
import { MoneyShown, moneyText, State, Time } from '../../kit/show'

function TopUp({ currency, close }: { currency: string; close: () => void }) {
  const { t } = useTranslation()
  const [form] = Form.useForm<{ amount: string; reference: string }>()
  return (
    <Modal open title={t('wallet.top_up')} onCancel={close} okText={t('action.submit')} onOk={() => form.submit()}>
      <p>{t('wallet.how')}</p>
      <Entry
        form={form}
        run={(v: { amount: string; reference: string }) =>
          unwrap(
            api.POST('/api/v1/wallet/transfers', {
              body: { amount: { amount: v.amount, currency }, reference: v.reference },
            }),
          )
        }
        done={close}
        success={t('wallet.asked')}
      >
        <Form.Item
          name="amount"
          label={`${t('field.amount')} (${currency})`}
          rules={[{ required: true, pattern: /^\d+(\.\d{1,2})?$/, message: t('form.amount') }]}
        >
          <Input inputMode="decimal" />
        </Form.Item>
        <Form.Item
          name="reference"
          label={t('wallet.reference')}
          rules={[{ required: true, message: t('form.required') }]}
        >
          <Input maxLength={60} />
        </Form.Item>
      </Entry>
    </Modal>
  )
}

function Entries() {
  const { t } = useTranslation()
  return (
    <List<Schemas['EntryView']>
      name="wallet-entries"
      place="entry"
      rowKey={(e) => `${e.at}${e.kind}${e.reference}`}
      empty={t('wallet.empty')}
      fetch={async (_search, paging) => {
        const data = await unwrap(api.GET('/api/v1/wallet', { params: { query: { limit: '10', ...paging } } }))
        return { rows: data.entries, next: data.next }
      }}
      columns={[
        { key: 'at', title: t('field.at'), sort: 'created', value: (e) => e.at, render: (e) => <Time at={e.at} /> },
        { key: 'kind', title: t('field.kind'), value: (e) => t(`entry.${e.kind}`) },
        {
          key: 'ref',
          title: t('wallet.reference'),
          value: (e) => e.reference,
          render: (e) => <span className="mono">{e.reference.slice(0, 26)}</span>,
        },
        {
          key: 'amount',
          title: t('field.amount'),
          align: 'right',
          value: (e) => e.amount.amount,
          render: (e) => <MoneyShown of={e.amount} />,
        },
      ]}
    />
  )
}

function OwnTransfers() {
  const { t } = useTranslation()
  return (
    <List<Schemas['TransferView']>
      name="transfers"
      place="transfer"
      rowKey={(x) => x.id}
      empty={t('wallet.no_transfers')}
      fetch={async ({ state }, paging) => {
        const data = await unwrap(
          api.GET('/api/v1/wallet/transfers', { params: { query: { state, limit: '10', ...paging } } }),
        )
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
        {
          key: 'at',
          title: t('field.created_at'),
          sort: 'created',
          value: (x) => x.created_at,
          render: (x) => <Time at={x.created_at} />,
        },
        { key: 'ref', title: t('wallet.reference'), value: (x) => x.reference },
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
          key: 'amount',
          title: t('field.amount'),
          align: 'right',
          value: (x) => x.amount.amount,
          render: (x) => <MoneyShown of={x.amount} />,
        },
      ]}
    />
  )
}

/** Balance, entries, bank transfers. */
export function Wallet() {
  const { t } = useTranslation()
  const [asking, setAsking] = useState(false)
  const wallet = useQuery({ queryKey: ['wallet'], queryFn: () => unwrap(api.GET('/api/v1/wallet')) })
  return (
    <Page
      title={t('nav.wallet')}
      purpose={t('wallet.purpose')}
      actions={
        <Button type="primary" disabled={!wallet.data} onClick={() => setAsking(true)}>
          {t('wallet.top_up')}
        </Button>
      }
    >
      {asking && wallet.data && <TopUp currency={wallet.data.balance.currency} close={() => setAsking(false)} />}
      <Await query={wallet}>
        {(w) => (
          <div className="stack">
            <div className="panel" style={{ padding: 24 }}>
              <Statistic title={t('wallet.balance')} value={moneyText(w.balance)} />
            </div>
            <section className="panel" style={{ padding: 24 }}>
              <h2>{t('wallet.entries')}</h2>
              <Entries />
            </section>
            <section className="panel" style={{ padding: 24 }}>
              <h2>{t('nav.transfers')}</h2>
              <OwnTransfers />
            </section>
          </div>
        )}
      </Await>
    </Page>
  )
}
