import { useQuery } from '@tanstack/react-query'
import { Button, Empty, Tag, Tooltip } from 'antd'
import { useTranslation } from 'react-i18next'
import { api, unwrap } from '../../api/client'
import { Await, Page } from '../../kit/page'
import { Time, useText } from '../../kit/show'

/** The applications that were granted to the reader, to be opened by one click. */
export function Applications() {
  const { t } = useTranslation()
  const text = useText()
  const query = useQuery({ queryKey: ['my-applications'], queryFn: () => unwrap(api.GET('/api/v1/me/applications')) })
  return (
    <Page title={t('nav.applications')} purpose={t('applications.purpose')}>
      <Await query={query}>
        {(d) =>
          d.applications.length === 0 ? (
            <Empty description={t('applications.empty')} />
          ) : (
            <div className="tiles">
              {d.applications.map((a) => (
                <section key={a.instance} className="panel" style={{ padding: 24 }} aria-label={a.name}>
                  <h2>
                    {a.name} {a.role === 'admin' && <Tag>{t('sign_on.admin')}</Tag>}
                  </h2>
                  <p className="muted">{text(a.product_name)}</p>
                  <p className="dim">
                    {t('applications.last')} <Time at={a.signed_on_at} />
                  </p>
                  <Tooltip title={a.state === 'running' ? '' : t(`state.${a.state}`)}>
                    <Button
                      type="primary"
                      disabled={a.state !== 'running'}
                      href={a.login_url}
                      target="_blank"
                      rel="noreferrer"
                    >
                      {t('applications.open')}
                    </Button>
                  </Tooltip>
                </section>
              ))}
            </div>
          )
        }
      </Await>
    </Page>
  )
}
