import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { List } from '../../kit/list'
import { Page } from '../../kit/page'
import { useMe } from '../../kit/session'
import { Id, State, Time, useText, Words } from '../../kit/show'
import { CapButton } from '../buyer/caps'

type Row = Schemas['RecordView']

/** Usage records that were pushed: what became of each, and why one was refused. */
export function UsageRecords() {
  const { t } = useTranslation()
  const text = useText()
  const sells = useMe().data?.roles.includes('seller')
  const states = ['accepted', 'held', 'refused', 'charged', 'corrected'].map((value) => ({
    value,
    label: t(`state.${value}`),
  }))
  return (
    <Page title={t('nav.usage')} purpose={t('usage.purpose')}>
      <List<Row>
        name="usage"
        rowKey={(r) => r.id}
        empty={t('usage.empty')}
        fetch={async ({ state, seller_instance, metering_sn }, paging) => {
          const data = await unwrap(
            api.GET('/api/v1/usage-records', { params: { query: { state, seller_instance, metering_sn, ...paging } } }),
          )
          return { rows: data.records, next: data.next }
        }}
        filters={[
          { name: 'metering_sn', label: t('usage.serial') },
          { name: 'seller_instance', label: t('usage.instance') },
          { name: 'state', label: t('field.state'), options: states },
        ]}
        columns={[
          {
            key: 'sn',
            title: t('usage.serial'),
            value: (r) => r.metering_sn,
            render: (r) => <span className="mono">{r.metering_sn ?? '–'}</span>,
          },
          {
            key: 'instance',
            title: t('usage.instance'),
            value: (r) => r.seller_instance_id,
            render: (r) => <span className="mono">{r.seller_instance_id}</span>,
          },
          { key: 'begin', title: t('usage.begin'), value: (r) => r.begin, render: (r) => <Time at={r.begin} /> },
          { key: 'value', title: t('usage.value'), align: 'right', value: (r) => r.value },
          {
            key: 'state',
            title: t('field.state'),
            value: (r) => t(`state.${r.state}`),
            render: (r) => <State of={r.state} />,
          },
          {
            key: 'reason',
            title: t('usage.reason'),
            value: (r) => text(r.reason_text ?? undefined),
            render: (r) => r.reason && <Words>{text(r.reason_text ?? undefined)}</Words>,
          },
          { key: 'end', title: t('usage.end'), value: (r) => r.end, render: (r) => <Time at={r.end} /> },
          {
            key: 'package',
            title: t('package.title'),
            value: (r) => r.package,
            render: (r) => (r.package ? <Id of={r.package} /> : '–'),
          },
          { key: 'repeats', title: t('usage.repeats'), align: 'right', value: (r) => r.repeats },
          {
            key: 'at',
            title: t('usage.received'),
            sort: 'created',
            value: (r) => r.received_at,
            render: (r) => <Time at={r.received_at} />,
          },
          {
            key: 'do',
            title: t('cap.title'),
            render: (r) => sells && r.instance && <CapButton instance={r.instance} side="seller" />,
          },
        ]}
      />
    </Page>
  )
}
