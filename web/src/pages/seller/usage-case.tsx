import { useQuery } from '@tanstack/react-query'
import { Alert, Button } from 'antd'
import type dayjs from 'dayjs'
import { useTranslation } from 'react-i18next'
import { api, unwrap, type Schemas } from '../../api/client'
import { Await } from '../../kit/page'
import { useNow } from '../../kit/session'
import { Time } from '../../kit/show'

/** The instance that debugging created, as the seller named it. */
const created = (cases: Schemas['CaseView'][]): string | undefined => {
  try {
    const { instanceId } = JSON.parse(cases.find((c) => c.scenario === 'create')?.answer ?? '') as {
      instanceId?: string | number
    }
    return instanceId === undefined ? undefined : String(instanceId)
  } catch {
    return undefined
  }
}

/** A record of the last whole hour before a moment. */
const sample = (instance: string, now: dayjs.Dayjs) => {
  const time = (at: dayjs.Dayjs) => `${at.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
  const end = now.startOf('hour')
  return JSON.stringify(
    {
      usage_records: [
        {
          instance_id: instance,
          record_time: time(now),
          begin_time: time(end.subtract(1, 'hour')),
          end_time: time(end),
          usage_value: '1',
          metering_sn: `debug-${end.unix()}`,
        },
      ],
    },
    null,
    1,
  )
}

/** The one case in which the seller calls: it reports use for the instance that debugging created. */
export function UsageCase({ address }: { address: string }) {
  const { t } = useTranslation()
  // A record of the reader's own hour would be too old on a platform whose clock was moved.
  const now = useNow()
  const query = useQuery({
    queryKey: ['cases', address],
    queryFn: () => unwrap(api.GET('/api/v1/seller/addresses/{id}/cases', { params: { path: { id: address } } })),
  })
  return (
    <section className="panel" style={{ padding: 24, marginTop: 16 }} aria-label={t('scenario.usage_push')}>
      <div className="row" style={{ justifyContent: 'space-between' }}>
        <h2>{t('scenario.usage_push')}</h2>
        <Button size="small" loading={query.isFetching} onClick={() => void query.refetch()}>
          {t('debugger.look_again')}
        </Button>
      </div>
      <p className="muted">{t('debugger.usage_purpose')}</p>
      <Await query={query}>
        {({ cases }) => {
          const passed = cases.find((c) => c.scenario === 'usage_push')
          const instance = created(cases)
          if (passed)
            return (
              <>
                <Alert
                  type="success"
                  showIcon
                  title={
                    <>
                      {t('debugger.usage_passed')} <Time at={passed.passed_at} />
                    </>
                  }
                />
                <pre tabIndex={0}>{passed.request}</pre>
              </>
            )
          if (!instance) return <Alert type="info" showIcon title={t('debugger.usage_create_first')} />
          return (
            <>
              <Alert type="warning" showIcon title={t('debugger.usage_waits')} />
              <pre
                tabIndex={0}
              >{`POST /api/mkp-openapi-public/global/v1/isv/usage-data\n\n${sample(instance, now)}`}</pre>
            </>
          )
        }}
      </Await>
    </section>
  )
}
